"""The browser console: static HTML, CSS and JavaScript."""
