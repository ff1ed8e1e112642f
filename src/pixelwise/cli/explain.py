"""``pixelwise explain``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli.outputs import check_page


def explain(
    network: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|NAME", help="A model file, the folder of a run, or a network: unet, segnet, fcn, …"
        ),
    ],
    image: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Show what every stage makes of this image.")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page there; explain.html where an image is given."),
    ] = None,
) -> None:
    """Take a network apart, layer by layer.

    pixelwise explain run --image photo.jpg

    Layers are shown with shapes, parameters, multiply–adds and receptive field. Names are those of train --network.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.explain import explain as explain_network

    page = page or (Path("explain.html") if image is not None else None)
    check_page(page)
    with Console() as console:
        explained = explain_network(network, image)
    console.print_explanation(explained)
    if page is not None:
        explained.write_page(page)
        console.print(f"Page: {page}")
