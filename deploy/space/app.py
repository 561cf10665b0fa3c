"""The web page as a hosted Gradio Space: copy this folder into the Space."""

from deepmse.app.web.page import Address, serve

serve(Address(port=7860, host="0.0.0.0", mcp=True))  # noqa: S104 - the host's own proxy stands before it
