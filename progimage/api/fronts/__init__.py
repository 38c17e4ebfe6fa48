"""URL grammars of other services, compiled into pipelines of this one."""
