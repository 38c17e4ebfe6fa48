"""What is shipped to deploy with is valid, hardened, and names settings that there are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import kubernetes_validate
import pytest
import yaml

from progimage import __version__, config

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OBJECTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "progimage.yaml").read_text("utf-8")))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
UNIT = (DEPLOY / "progimage.service").read_text("utf-8")


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Answer every GET with a status; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_port
        server.shutdown()


VARIABLES = {config.variable(where) for where in config.names()} | {"PROGIMAGE_SETTINGS"}


def kind(name: str) -> list[dict]:
    return [item for item in OBJECTS if item["kind"] == name]


def pods() -> list[dict]:
    templates = [item["spec"]["template"] for item in kind("Deployment")]
    templates += [item["spec"]["jobTemplate"]["spec"]["template"] for item in kind("CronJob")]
    return [template["spec"] for template in templates]


def kubernetes_settings() -> config.Settings:
    """The settings of the pods, with the secret that their comment tells people to make."""
    [values] = kind("ConfigMap")
    return config.load({**values["data"], "PROGIMAGE_AUTH_SECRET": "s" * 32})[0]


def test_accounts_are_on_everywhere():
    [values] = kind("ConfigMap")
    assert values["data"]["PROGIMAGE_AUTH_MODE"] == "required"
    assert COMPOSE["services"]["node-a"]["environment"]["PROGIMAGE_AUTH_MODE"] == "required"
    assert "PROGIMAGE_AUTH_MODE=required" in DOCKERFILE
    assert "\nEnvironment=PROGIMAGE_AUTH_MODE=required\n" in UNIT


@pytest.mark.parametrize(
    "file",
    [path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".json"],
    ids=lambda path: path.name,
)
def test_every_setting_that_is_named_exists(file):
    named = set(re.findall(r"\bPROGIMAGE_[A-Z_]+[A-Z]\b", file.read_text("utf-8")))
    assert named <= VARIABLES | {"PROGIMAGE_EXTRAS"}


class TestCompose:
    def test_it_keeps_the_compose_specification(self):
        program = Path(sys.executable).with_name("check-jsonschema")
        command = [program, "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    def test_its_settings_work(self):
        environ = {
            name: value
            for name, value in COMPOSE["services"]["node-a"]["environment"].items()
            if name.startswith("PROGIMAGE_")
        }
        settings, _ = config.load(environ)
        query = parse_qs(urlsplit(settings.store).query)
        assert urlsplit(query["endpoint_url"][0]).hostname in COMPOSE["services"]
        assert urlsplit(settings.jobs.broker).hostname in COMPOSE["services"]
        assert COMPOSE["services"]["worker"]["command"] == ["progimage", "worker"]
        assert settings.jobs.runner == "none"

    def test_the_image_is_built_with_what_the_settings_need(self):
        extras = COMPOSE["services"]["node-a"]["build"]["args"]["PROGIMAGE_EXTRAS"]
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        assert set(extras.split(",")) <= set(project["optional-dependencies"])
        assert "celery" in extras

    def test_nodes_are_hardened(self):
        for name in ("front", "node-a", "node-b", "worker", "redis", "upkeep"):
            service = COMPOSE["services"][name]
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert "no-new-privileges:true" in service["security_opt"]
            assert service["tmpfs"]

    def test_only_nginx_can_be_reached_and_every_image_has_a_version(self):
        services = COMPOSE["services"]
        assert [name for name, service in services.items() if "ports" in service] == ["front"]
        assert COMPOSE["networks"]["inside"]["internal"] is True
        # With one network in common, nginx reaches the nodes from where they trust it.
        assert set(services["front"]["networks"]) & set(services["node-a"]["networks"]) == {
            "inside"
        }
        for service in services.values():
            tag = service["image"].partition(":")[2]
            assert service["image"] == "progimage" or tag not in ("", "latest")

    def test_nginx_is_trusted_and_has_both_nodes(self):
        subnet = COMPOSE["networks"]["inside"]["ipam"]["config"][0]["subnet"]
        node = COMPOSE["services"]["node-a"]["environment"]
        assert subnet in node["PROGIMAGE_SERVER_TRUSTED_PROXIES"]
        conf = (DEPLOY / "nginx-cluster.conf").read_text("utf-8")
        for name in re.findall(r"server ([\w-]+):8000", conf):
            assert name in COMPOSE["services"]

    def test_nodes_come_back_at_the_address_that_nginx_looked_up(self):
        [pool] = COMPOSE["networks"]["inside"]["ipam"]["config"]
        fixed = [
            ip_address(COMPOSE["services"][name]["networks"]["inside"]["ipv4_address"])
            for name in ("node-a", "node-b")
        ]
        assert len(set(fixed)) == 2
        for address in fixed:
            assert address in ip_network(pool["subnet"])
            assert address not in ip_network(pool["ip_range"])

    def test_the_image_is_built_wherever_it_is_used_and_stops_on_its_signal(self):
        for service in COMPOSE["services"].values():
            if service["image"] == "progimage":
                assert service["build"]["dockerfile"] == "deploy/Dockerfile"
                # A shell, or Python, that is process 1 would not heed SIGTERM.
                assert service["init"] is True

    def test_no_secret_has_a_default(self):
        text = (DEPLOY / "compose.yaml").read_text("utf-8")
        for value in re.findall(
            r"(?:KEY_ID|ACCESS_KEY|AUTH_SECRET|ROOT_USER|ROOT_PASSWORD): (\S+)", text
        ):
            assert value.startswith("${"), value
            assert ":?" in value


class TestKubernetes:
    @pytest.mark.parametrize("item", OBJECTS, ids=lambda item: f"{item['kind']}")
    def test_every_object_is_valid(self, item):
        kubernetes_validate.validate(item, kubernetes_validate.latest_version(), strict=True)

    def test_pods_are_hardened_and_bounded(self):
        for pod in pods():
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
            assert pod["automountServiceAccountToken"] is False
            for container in pod["containers"]:
                context = container["securityContext"]
                assert context["readOnlyRootFilesystem"] is True
                assert context["allowPrivilegeEscalation"] is False
                assert context["capabilities"]["drop"] == ["ALL"]
                assert container["resources"]["limits"]["memory"]
                assert container["resources"]["requests"].keys() == {"cpu", "memory"}
                mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
                assert "/tmp" in mounts
                assert container["image"].endswith(f":{__version__}")

    def test_selectors_probes_and_budget_fit_the_pods(self, client):
        [deployment] = kind("Deployment")
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        [budget] = kind("PodDisruptionBudget")
        [scaler] = kind("HorizontalPodAutoscaler")
        [service] = [item for item in kind("Service") if item["metadata"]["name"] == "progimage"]
        assert deployment["spec"]["selector"]["matchLabels"] == labels
        assert service["spec"]["selector"] == labels
        assert budget["spec"]["selector"]["matchLabels"] == labels
        assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
        assert scaler["spec"]["minReplicas"] > budget["spec"]["minAvailable"]
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            path = container[probe]["httpGet"]["path"]
            assert client.simulate_get(path).status_code == 200
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"

    def test_its_settings_work(self):
        assert kubernetes_settings().store.startswith("s3://")

    def test_every_pod_gets_the_secret_that_signs_tokens(self):
        for pod in pods():
            for container in pod["containers"]:
                assert {"secretRef": {"name": "progimage-auth"}} in container["envFrom"]

    def test_the_ingress_treats_each_path_as_the_cluster_s_nginx_does(self, client):
        named = {item["metadata"]["name"]: item for item in kind("Ingress")}
        hosts = {rule["host"] for item in named.values() for rule in item["spec"]["rules"]}
        assert len(hosts) == 1
        paths = {
            name: {path["path"] for path in item["spec"]["rules"][0]["http"]["paths"]}
            for name, item in named.items()
        }
        annotations = {
            name: {
                key.rpartition("/")[2]: value
                for key, value in item["metadata"]["annotations"].items()
            }
            for name, item in named.items()
        }
        assert not [
            name
            for name, given in annotations.items()
            if "non_idempotent" in given.get("proxy-next-upstream", "")
        ]
        assert paths["progimage-streams"] == {"/uploads", "/jobs"}
        assert annotations["progimage-streams"]["proxy-request-buffering"] == "off"
        document = client.simulate_get("/openapi.json").json
        known = {path.split("{")[0].rstrip("/") or "/" for path in document["paths"]}
        assert {path.rstrip("/") or "/" for found in paths.values() for path in found} <= known

    def test_a_pod_has_time_to_finish(self):
        settings = kubernetes_settings()
        [deployment] = kind("Deployment")
        pod = deployment["spec"]["template"]["spec"]
        assert settings.server.drain_s > 0
        patience = settings.server.drain_s + settings.server.graceful_timeout_s
        assert pod["terminationGracePeriodSeconds"] > patience


class TestDockerfile:
    """The rules of a linter that matter here, since none is at hand."""

    STAGES = re.split(r"(?m)^FROM ", DOCKERFILE)[1:]

    def test_every_base_has_a_version(self):
        for stage in self.STAGES:
            assert re.match(r"[\w./-]+:\d[\w.-]+( AS \w+)?\n", stage), stage[:60]

    def test_it_runs_as_a_user_without_rights(self):
        assert re.search(r"(?m)^USER \d{4,}:\d{4,}$", self.STAGES[-1])
        assert "sudo" not in DOCKERFILE

    def test_commands_are_lists_so_that_signals_arrive(self):
        for command in re.findall(r"(?m)^\s*(?:CMD|ENTRYPOINT) (.*)$", DOCKERFILE):
            assert command.startswith("["), command

    def test_every_list_of_packages_is_installed_by_hashes(self):
        for command in re.findall(r"pip install (.*)", DOCKERFILE):
            assert command.startswith(("--require-hashes -r ", "--no-deps ")), command

    def test_it_copies_only_what_exists_and_nothing_whole(self):
        for sources in re.findall(r"(?m)^COPY (?!--from)(.*) \S+$", DOCKERFILE):
            for source in sources.split():
                assert source not in (".", "*")
                assert (ROOT / source).exists(), source
                allowed = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
                assert f"!{source}" in allowed

    def test_modules_that_the_server_needs_exist(self):
        for needed in ("settings/gunicorn.conf.py", "requirements.txt", "pyproject.toml"):
            assert needed in DOCKERFILE

    def test_the_health_check_asks_a_path_there_is(self, client):
        [path] = re.findall(r"'(/health/\w+)'", DOCKERFILE)
        assert client.simulate_get(path).status_code == 200
        assert "HEALTHCHECK" in self.STAGES[-1]

    def test_the_health_check_goes_with_the_port_and_notices_silence(self):
        [words] = re.findall(r'(?m)^ +CMD (\["python", "-c", .*)$', DOCKERFILE)
        program, option, code = json.loads(words)
        assert program == "python"

        def ask(port: int) -> int:
            environ = {**os.environ, "PROGIMAGE_BIND": f"0.0.0.0:{port}"}
            command = [sys.executable, option, code]
            done = subprocess.run(command, env=environ, capture_output=True, check=False)
            return done.returncode

        with answering(200) as port:
            assert ask(port) == 0
        assert ask(port) != 0
        with answering(503) as port:
            assert ask(port) != 0


class TestSystemd:
    @pytest.fixture
    def unit(self, tmp_path) -> Path:
        """The unit with programs and folders that are here."""
        text = UNIT.replace("/opt/progimage/.venv/bin/progimage", "/bin/true")
        file = tmp_path / "progimage.service"
        file.write_text(text.replace("/opt/progimage", str(tmp_path)), "utf-8")
        return file

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        if shutil.which("systemd-analyze") is None:
            pytest.skip("systemd-analyze is missing")
        return subprocess.run(
            ["systemd-analyze", *words], capture_output=True, text=True, check=False
        )

    def test_it_is_valid(self, unit):
        done = self.run("verify", unit)
        assert str(unit) not in done.stderr, done.stderr
        assert done.returncode == 0, done.stderr

    def test_it_is_hardened(self, unit):
        done = self.run("security", "--offline=true", "--threshold=20", unit)
        assert done.returncode == 0, done.stdout[-300:]

    def test_nginx_can_be_let_into_the_store(self):
        # What is a DynamicUser's lies below /var/lib/private, which is root's alone.
        assert re.search(r"(?m)^User=\w+$", UNIT)
        assert "DynamicUser=yes" not in UNIT
        assert re.search(r"(?m)^StateDirectoryMode=0750$", UNIT)
        assert re.search(r"(?m)^UMask=0027$", UNIT)

    def test_it_starts_without_settings_of_its_own(self, tmp_path):
        [text] = re.findall(r"(?m)^SetCredential=settings\.toml:(.*)$", UNIT)
        file = tmp_path / "settings.toml"
        file.write_text(text, "utf-8")
        assert config.load({"PROGIMAGE_SETTINGS": str(file)})[0] == config.load({}, file)[0]

    def test_every_directive_stands_in_a_section(self):
        assert UNIT.index("[Unit]") < UNIT.index("[Service]") < UNIT.index("[Install]")
        assert re.search(r"(?m)^TimeoutStopSec=(\d+)$", UNIT)
        seconds = int(re.search(r"(?m)^TimeoutStopSec=(\d+)$", UNIT)[1])
        server = config.Settings().server
        assert seconds > server.drain_s + server.graceful_timeout_s


def test_paths_with_rules_of_their_own_in_nginx_exist(client):
    """A location for a path that the service does not have is a mistake."""
    document = client.simulate_get("/openapi.json").json
    paths = {path.split("{")[0].rstrip("/") or "/" for path in document["paths"]}
    conf = (DEPLOY / "nginx-cluster.conf").read_text("utf-8")
    for path in re.findall(r"location (?:= )?(/[\w/]*)", conf):
        if path != "/_problem":
            assert (path.rstrip("/") or "/") in paths
