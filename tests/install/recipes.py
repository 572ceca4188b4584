"""The recipes of contrib, read: recipes.py TOP check | recipes.py TOP print WHAT

check: the Containerfile and the manifest are well formed, name nothing that is not there, and agree
with each other. print: a piece of them, for a test that runs it.
"""
import json
import re
import subprocess
import sys

import yaml

ARGUMENTS = {"ARG", "CMD", "COPY", "FROM", "HEALTHCHECK", "RUN", "USER", "VOLUME", "WORKDIR"}
failures = []


def expect(truth, what):
    if not truth:
        failures.append(what)


def shell_accepts(script, where):
    done = subprocess.run(["sh", "-n"], input=script, text=True, check=False)
    expect(done.returncode == 0, f"{where}: sh does not accept {script!r}")


# --- the Containerfile -------------------------------------------------


def read_containerfile(path):
    """Its instructions as pairs (name, arguments)."""
    text = ""
    found = []
    with open(path, encoding="ascii") as file:
        for line in file:
            line = line.rstrip("\n")
            if line.lstrip().startswith("#") or (not line and not text):
                continue
            text += line
            if text.endswith("\\"):
                text = text[:-1]
                continue
            name, _, arguments = text.partition(" ")
            found.append((name, arguments.strip()))
            text = ""
    expect(not text, "Containerfile: it ends in the middle of a line")
    return found


def exec_form(arguments, name):
    try:
        words = json.loads(arguments)
    except ValueError:
        words = None
    good = isinstance(words, list) and all(isinstance(w, str) for w in words)
    expect(good, f"Containerfile: {name} is no list of strings: {arguments}")
    return words if good else []


def check_from(arguments, stages, known):
    match = re.fullmatch(r"(\S+)( AS (\w+))?", arguments)
    expect(match, f"Containerfile: FROM {arguments}")
    for used in re.findall(r"\$\{(\w+)\}", arguments):
        expect(used in known, f"Containerfile: no ARG {used}")
    stages.append(match.group(3) if match else None)


def check_copy(arguments, stages, top):
    *sources, _ = [w for w in arguments.split() if not w.startswith("--")]
    stage = re.search(r"--from=(\S+)", arguments)
    if stage:
        expect(stage.group(1) in stages[:-1], f"Containerfile: no stage {stage.group(1)}")
        return
    for source in sources:
        done = subprocess.run(["test", "-e", f"{top}/{source}"], check=False)
        expect(done.returncode == 0, f"Containerfile: {source} is not there")


def check_containerfile(instructions, top):
    stages, known, last = [], [], {}
    for name, arguments in instructions:
        expect(name in ARGUMENTS, f"Containerfile: unknown instruction {name}")
        expect(arguments, f"Containerfile: {name} of nothing")
        expect(stages or name in ("FROM", "ARG"), f"Containerfile: {name} before FROM")
        if name == "FROM":
            check_from(arguments, stages, known)
            last = {}
        elif name == "ARG":
            known.append(arguments.partition("=")[0])
        elif name == "COPY":
            check_copy(arguments, stages, top)
        elif name == "RUN":
            shell_accepts(arguments, "Containerfile")
        last[name] = arguments
    expect(len(stages) == 2, "Containerfile: there are to be two stages")
    for name in ("CMD", "HEALTHCHECK", "USER", "VOLUME"):
        expect(name in last, f"Containerfile: the last stage has no {name}")
    expect(re.fullmatch(r"[1-9]\d*:[1-9]\d*", last.get("USER", "")),
           "Containerfile: its user is to be a number, and not root")
    return last


# --- the manifest ------------------------------------------------------


def read_manifest(path):
    with open(path, encoding="ascii") as file:
        return {d["kind"]: d for d in yaml.safe_load_all(file) if d}


def pod(manifest):
    return manifest["Deployment"]["spec"]["template"]["spec"]


def containers(manifest):
    spec = pod(manifest)
    return {c["name"]: c for c in spec["initContainers"] + spec["containers"]}


def check_volume(volume, manifest):
    name = volume["name"]
    if "persistentVolumeClaim" in volume:
        claim = volume["persistentVolumeClaim"]["claimName"]
        expect(claim == manifest["PersistentVolumeClaim"]["metadata"]["name"], f"volume {name}")
    elif "configMap" in volume:
        expect(volume["configMap"]["name"] == manifest["ConfigMap"]["metadata"]["name"],
               f"volume {name}")
    elif "secret" in volume:
        secret = manifest["Secret"]
        expect(volume["secret"]["secretName"] == secret["metadata"]["name"], f"volume {name}")
        for item in volume["secret"].get("items", []):
            expect(item["key"] in secret["stringData"], f"volume {name}: {item['key']}")
    else:
        expect("emptyDir" in volume, f"volume {name} is of an unknown kind")


def check_container(container, volumes):
    name = container["name"]
    context = container["securityContext"]
    expect(context["allowPrivilegeEscalation"] is False, f"{name}: may become root")
    expect(context["readOnlyRootFilesystem"] is True, f"{name}: may write to its image")
    expect(context["capabilities"] == {"drop": ["ALL"]}, f"{name}: has capabilities")
    expect(all(isinstance(w, str) for w in container["command"]), f"{name}: command")
    for mount in container["volumeMounts"]:
        expect(mount["name"] in volumes, f"{name}: no volume {mount['name']}")
    if container["command"][0] == "/bin/sh":
        shell_accepts(container["command"][-1], name)


def check_manifest(manifest):
    expect(set(manifest) == {"Secret", "ConfigMap", "PersistentVolumeClaim", "Deployment"},
           f"the manifest has {sorted(manifest)}")
    spec = manifest["Deployment"]["spec"]
    expect(spec["replicas"] == 1 and spec["strategy"]["type"] == "Recreate",
           "the volume would be had twice")
    labels = spec["template"]["metadata"]["labels"]
    expect(spec["selector"]["matchLabels"].items() <= labels.items(), "the selector")
    expect(pod(manifest)["securityContext"]["runAsNonRoot"] is True, "it may run as root")
    volumes = {v["name"]: v for v in pod(manifest)["volumes"]}
    for volume in volumes.values():
        check_volume(volume, manifest)
    for container in containers(manifest).values():
        check_container(container, volumes)
    used = {m["name"] for c in containers(manifest).values() for m in c["volumeMounts"]}
    expect(used == set(volumes), f"volumes without use: {set(volumes) - used}")
    application = {m["name"] for m in containers(manifest)["application"]["volumeMounts"]}
    expect(application == {"socket", "pin"}, "the application sees more than it needs")


def check_both(image, manifest):
    """What one says of the other."""
    user, _, group = image.get("USER", "").partition(":")
    context = pod(manifest)["securityContext"]
    expect([str(context["runAsUser"]), str(context["runAsGroup"])] == [user, group],
           "the manifest has another user than the image")
    expect(exec_form(image.get("CMD", ""), "CMD") == containers(manifest)["server"]["command"],
           "the manifest has another command than the image")
    tokens = exec_form(image.get("VOLUME", ""), "VOLUME")
    mounts = {m["mountPath"] for m in containers(manifest)["server"]["volumeMounts"]}
    expect(set(tokens) <= mounts, "the manifest has no volume for the tokens")


def check_version(top):
    """The packages have the version of the source."""
    with open(f"{top}/configure.ac", encoding="utf-8") as file:
        source = re.search(r"^AC_INIT\(\[.*?\], \[(.*?)\]", file.read(), re.M).group(1)
    with open(f"{top}/debian/changelog", encoding="utf-8") as file:
        package = re.match(r"softhsm2 \((.*)-[^-]+\)", file.readline()).group(1)
    expect(source == package, f"debian/changelog: {package}, configure.ac: {source}")


def pieces(image, manifest):
    found = containers(manifest)
    return {
        "conf": manifest["ConfigMap"]["data"]["softhsm2.conf"],
        "pin": manifest["Secret"]["stringData"]["pin"],
        "so-pin": manifest["Secret"]["stringData"]["so-pin"],
        "label": found["token"]["env"][0]["value"],
        "token": found["token"]["command"][-1],
        "server": "\n".join(found["server"]["command"]),
        "address": found["application"]["env"][0]["value"],
        "ready": "\n".join(found["server"]["readinessProbe"]["exec"]["command"]),
        "alive": "\n".join(found["server"]["livenessProbe"]["exec"]["command"]),
        "health": image["HEALTHCHECK"].partition(" CMD ")[2],
    }


def main():
    top, what = sys.argv[1], sys.argv[2]
    instructions = read_containerfile(f"{top}/contrib/container/Containerfile")
    manifest = read_manifest(f"{top}/contrib/kubernetes/softhsm2.yaml")
    image = check_containerfile(instructions, top)
    if what == "print":
        print(pieces(image, manifest)[sys.argv[3]])
        return 0
    check_manifest(manifest)
    check_both(image, manifest)
    check_version(top)
    print("\n".join(failures))
    return 1 if failures else 0


sys.exit(main())
