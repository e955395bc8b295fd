"""From the name of a file to its text."""

from __future__ import annotations

from pathlib import Path

from vlp_graph.render import eks, environment, manifests, ray_up, rayservice, serve
from vlp_graph.render.target import Target
from vlp_graph.render.text import file
from vlp_graph.render.what import What


def render(what: What, profile: str) -> str:
    """The text of a file for a profile (by name or path), with a header that says how it came about.

    Raises:
        ProfileError: no such profile, or one that cannot be deployed; with what to change.
    """
    target = Target(profile)
    here = str(Path(profile).absolute().parent) if target.is_file else ""
    header = f"Made by `vlp render {what} {profile}`: change the profile and render again, not this file."
    match what:
        case What.ENV:
            return f"# {header}\n{_ENVIRONMENT}{environment.exports(target, here)}"
        case What.SERVE:
            return file(f"{header}\n{_FLAGS}", [serve.config(target, here)])
    target.check()
    match what:
        case What.RAYSERVICE:
            return file(f"{header}\n`vlp render manifests` goes before it.", [rayservice.rayservice(target)])
        case What.MANIFESTS:
            return file(header, manifests.manifests(target))
        case What.RAY_UP:
            return file(f"{header}\nSecrets lie beside it in secrets/NAME/.", [ray_up.ray_up(target)])
        case What.KARPENTER:
            return file(header, eks.karpenter(target))
        case What.EKSCTL:
            return file(header, [eks.eksctl(target)])


_ENVIRONMENT = "# It goes before `ray start`, on every machine. Once a user: ray get-auth-token --generate\n"
_FLAGS = "Wherever Ray is started, `vlp render env` of the same profile has to be in the environment."
