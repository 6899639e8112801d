"""All routes of the pages."""

from typing import Any

from litestar import Router
from litestar.types import ControllerRouterHandler

from doseway.ui.pages import (
    alerts,
    devices,
    documents,
    imports,
    log,
    overview,
    plan,
    plan_answers,
    plan_jobs,
    profiles,
    session,
    shipment,
)
from doseway.ui.statics import get_static


def routes(most_file_bytes: int) -> list[ControllerRouterHandler]:
    """Return the routes of the pages and of their scripts and styles; `most_file_bytes`: of a logger's file."""
    found: list[Any] = [
        overview.overview,
        overview.save_view,
        shipment.show,
        shipment.decide,
        shipment.put_device,
        shipment.report,
        shipment.make_pack,
        alerts.desk,
        alerts.acknowledge,
        alerts.snooze,
        devices.devices,
        documents.first,
        documents.list_documents,
        documents.show_document,
        documents.save_document,
        documents.import_documents,
        profiles.list_profiles,
        profiles.show_profile,
        profiles.try_profile,
        profiles.list_watches,
        profiles.show_watch,
        profiles.try_watch,
        imports.show_import,
        Router("/", route_handlers=[imports.import_file], request_max_body_size=most_file_bytes),
        log.show_log,
        log.verify,
        plan.show_plan,
        plan.put_example,
        plan.put_network,
        plan.show_network,
        plan.get_file,
        plan.get_marked,
        plan_jobs.ask_question,
        plan_jobs.show_job,
        plan_jobs.stop_job,
        plan_jobs.start_again,
        plan_answers.show_answer,
        plan_answers.get_report,
        plan_answers.compare,
        session.show_sign_in,
        session.sign_in,
        session.sign_out,
        session.prefer,
        get_static,
    ]
    # One router: an application registers what shares a path twice where it is given one by one.
    return [Router("/", route_handlers=found)]
