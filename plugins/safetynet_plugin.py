"""What Airflow loads: the pages of safetynet in its UI. The pages themselves are in safetynet/pages/.

Every Airflow process imports this file, so the pages' app is imported where it is first asked for: in the API server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

ROOT = "/safetynet"

Message = MutableMapping[str, Any]


async def pages(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """The ASGI app of the pages."""
    from safetynet.pages.app import app

    await app(scope, receive, send)


def _view(name: str, page: str, route: str, **more: Any) -> dict[str, Any]:
    """A page within Airflow's; its address is relative, for Airflow may itself lie below another path."""
    return {"name": name, "href": f"{ROOT[1:]}/{page}", "url_route": route, "destination": "nav", **more}


class SafetynetPlugin(AirflowPlugin):
    """Pages about feeds, batches, incidents, the official month, people and signals."""

    name = "safetynet"
    fastapi_apps = [{"app": pages, "url_prefix": ROOT, "name": "safetynet"}]  # noqa: RUF012  (Airflow's form)
    external_views = [  # noqa: RUF012
        _view(
            "数据源 Feeds",
            "feeds",
            "safetynet-feeds",
            nav_top_level=True,
            icon=f"{ROOT[1:]}/assets/feeds.svg",
            icon_dark_mode=f"{ROOT[1:]}/assets/feeds-dark.svg",
        ),
        _view("异常 Incidents", "incidents", "safetynet-incidents", category="社会安全网 safetynet"),
        _view("正式月报 Official month", "month", "safetynet-month", category="社会安全网 safetynet"),
        _view("人员与预警 People", "people", "safetynet-people", category="社会安全网 safetynet"),
        _view("数据 Deliveries", "feeds?feed={DAG_ID}", "safetynet-deliveries", destination="dag"),
    ]
