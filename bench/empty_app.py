"""An application that does nothing, as a measure of what the web server alone costs."""

from flask import Flask


def create_app() -> Flask:
    """One endpoint that answers with an empty JSON object."""
    app = Flask(__name__)

    @app.post("/empty")
    def empty() -> dict[str, str]:
        return {}

    return app
