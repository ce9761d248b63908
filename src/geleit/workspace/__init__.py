"""The composition root: opens a company's folder, wires the rooms together and answers for all of them."""

from geleit.workspace.workspace import Workspace, open_workspace

__all__ = ["Workspace", "open_workspace"]
