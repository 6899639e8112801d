"""What people do: find a shipment, work through alerts, decide, prove, import, edit, sign in. In a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.ui.conftest import ROOT, Visit
from tests.ui.served import PASSWORD
from tests.ui.test_pages import axe, settle

EXAMPLES = ROOT / "examples" / "files"


def test_find_a_shipment_by_typing_and_open_it(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(demo)
    settle(page)
    page.keyboard.press("/")
    page.keyboard.type("vaxilin 4708")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"text=vaxilin"))
    page.locator("#list .row-link").click()
    expect(page.locator("h1")).to_contain_text("lot 4708")
    page.go_back()
    expect(page.locator("#list tbody tr")).to_have_count(1)


def test_filters_are_chosen_saved_and_found_again_with_the_keyboard(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(demo)
    settle(page)
    page.locator(".filter-menu > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("In transit").focus()
    page.keyboard.press("Space")
    page.get_by_label("With open alerts").focus()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(r"phase=in-transit.*alerting=1"))
    page.reload()
    found = page.locator("#list tbody tr").count()
    assert 0 < found < 10
    page.get_by_label("Save these filters as").focus()
    page.keyboard.type("my trouble")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="saved")).to_be_visible()
    page.goto(demo)
    page.get_by_role("link", name="my trouble").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#list tbody tr")).to_have_count(found)
    page.get_by_role("button", name="Forget my trouble").click()
    expect(page.get_by_role("link", name="my trouble")).to_have_count(0)


def test_devices_are_found_by_typing_and_the_silent_ones_by_one_click(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/devices")
    expect(page.locator("html")).to_have_class("scripted")
    page.keyboard.press("/")
    page.keyboard.type("trk-1042")
    expect(page.locator("#devices tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Silent").click()
    expect(page.locator("#devices tbody tr")).to_have_count(1)
    expect(page.locator("#devices tbody")).to_contain_text("TRK-1009")
    asked = page.context.request
    assert [one["device"] for one in asked.get(f"{demo}/v1/devices?is_silent=true").json()] == ["TRK-1009"]
    assert [one["device"] for one in asked.get(f"{demo}/v1/devices?shipment=shp-0001").json()] == ["TRK-1001"]
    page.goto(f"{demo}/devices?text=nothing")
    expect(page.locator(".empty")).to_contain_text("No device matches")


def test_filters_work_without_scripts_and_can_be_saved(plain_visit: Visit, demo: str) -> None:
    page = plain_visit.page
    page.goto(demo)
    page.locator(".filter-menu > summary").click()
    page.get_by_label("Planned").check()
    page.locator(".filter-menu").get_by_role("button", name="Apply").click()
    expect(page.locator("#list tbody tr")).to_have_count(8)
    page.get_by_label("Save these filters as").fill("not yet")
    page.get_by_role("button", name="Save view").click()
    page.goto(demo)
    page.get_by_role("link", name="not yet").click()
    expect(page.locator("#list tbody tr")).to_have_count(8)
    page.get_by_role("button", name="Forget not yet").click()
    expect(page.get_by_role("link", name="not yet")).to_have_count(0)


def test_the_map_is_worked_with_the_keyboard(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(demo)
    settle(page)
    canvas = page.locator("dw-overview .marks")
    canvas.focus()
    for key in ("+", "+", "ArrowLeft", "ArrowDown", "-", "0", "n"):
        page.keyboard.press(key)
    tip = page.locator(".map-tip")
    expect(tip).to_be_visible()
    first = tip.locator("strong").inner_text()
    page.keyboard.press("n")
    expect(tip.locator("strong")).not_to_have_text(first)
    page.keyboard.press("p")
    expect(tip.locator("strong")).to_have_text(first)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{demo}/shipments/{first}")


def test_a_point_on_the_map_is_hit(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(demo)
    settle(page)
    page.locator("dw-overview .marks").focus()
    page.keyboard.press("n")
    where = page.locator(".map-tip").evaluate("tip => [tip.offsetLeft - 14, tip.offsetTop - 14]")
    box = page.locator("dw-overview .marks").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + where[0], box["y"] + where[1])
    assert page.locator("dw-overview .marks").evaluate("one => one.style.cursor") == "pointer"


def test_alerts_are_worked_through_with_the_keyboard(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/alerts")
    settle(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    row = page.locator(".alert-row:focus")
    name = row.get_attribute("data-alert")
    page.keyboard.press("a")
    page.keyboard.type("The carrier was called.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="acknowledged")).to_be_visible()
    acted = page.locator(f'[data-alert="{name}"]')
    expect(acted).to_contain_text("demo: The carrier was called.")
    acted.focus()
    page.keyboard.press("s")
    page.keyboard.type("Waiting for the driver")
    page.keyboard.press("Enter")
    expect(page.locator(f'[data-alert="{name}"]')).to_contain_text("silent until")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page).to_have_url(f"{demo}/log")


def test_an_alert_is_acknowledged_without_scripts_and_never_without_a_comment(plain_visit: Visit, demo: str) -> None:
    page = plain_visit.page
    page.goto(f"{demo}/shipments/shp-0017")
    page.locator(".alert summary", has_text="Acknowledge").click()
    page.locator(".alert form").first.get_by_role("textbox").fill("   ")
    page.locator(".alert form").first.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("comment")
    page.goto(f"{demo}/shipments/shp-0017")
    page.locator(".alert summary", has_text="Acknowledge").click()
    page.locator(".alert form").first.get_by_role("textbox").fill("Opened by customs.")
    page.locator(".alert form").first.get_by_role("button").click()
    expect(page.locator(".alert")).to_contain_text("Opened by customs.")


def test_the_keyboard_alone_leads_through_the_desk(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/alerts")
    settle(page)
    rows = page.locator(".alert-row")
    count = rows.count()
    for _ in range(count + 2):
        page.keyboard.press("j")
    expect(rows.last).to_be_focused()
    for _ in range(count + 2):
        page.keyboard.press("k")
    expect(rows.first).to_be_focused()
    page.keyboard.press("s")
    expect(rows.first.locator("details[data-act=s] input[name=comment]")).to_be_focused()
    page.keyboard.type("jk?a")  # what is typed is no shortcut
    expect(rows.first.locator("details[data-act=s] input[name=comment]")).to_have_value("jk?a")
    page.keyboard.press("Escape")
    expect(rows.first).to_be_focused()
    page.keyboard.press("j")
    shipment = page.locator(".alert-row:focus .row-link").inner_text()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{demo}/shipments/{shipment}")
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page).to_have_url(f"{demo}/devices")


def test_a_shipment_is_released_with_a_reason(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/shipments/shp-0006")
    page.get_by_role("button", name="Record the decision").click()
    assert "done=" not in page.url, "a decision without reason must not be sent"
    page.get_by_label("Release", exact=True).check()
    page.get_by_label("Reason").fill("MKT 5.1 °C; excursion within the allowance.")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.locator(".page-head")).to_contain_text("Released")
    expect(page.locator("#timeline")).to_contain_text("release: MKT 5.1 °C")


def test_an_evidence_pack_is_made_and_verified_and_a_changed_one_is_caught(
    visit: Visit, demo: str, tmp_path: Path
) -> None:
    page = visit.page
    page.goto(f"{demo}/shipments/shp-0001")
    with page.expect_download() as download:
        page.get_by_role("button", name="Evidence pack").click()
    pack = tmp_path / download.value.suggested_filename
    download.value.save_as(pack)
    assert pack.name == "shp-0001.evidence.zip"
    page.goto(f"{demo}/log")
    page.get_by_label("Pack", exact=True).set_input_files(pack)
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#verify")).to_contain_text("NOT WITNESSED")
    expect(page.locator("#verify")).to_contain_text("by this tower's own policy")
    changed = bytearray(pack.read_bytes())
    changed[len(changed) // 2] ^= 1
    bad = tmp_path / "changed.zip"
    bad.write_bytes(bytes(changed))
    page.get_by_label("Pack", exact=True).set_input_files(bad)
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#verify")).to_contain_text("TAMPERED")


def test_a_pack_is_verified_by_a_policy_that_the_reader_brings(visit: Visit, demo: str, tmp_path: Path) -> None:
    page = visit.page
    page.goto(f"{demo}/shipments/shp-0001")
    with page.expect_download() as download:
        page.get_by_role("button", name="Evidence pack").click()
    pack, mine = tmp_path / "lot.evidence.zip", tmp_path / "mine.policy"
    download.value.save_as(pack)
    vkey = page.context.request.get(f"{demo}/v1/log").json()["vkey"]

    def verified_by(policy: str) -> None:
        mine.write_text(policy)
        page.goto(f"{demo}/log")
        page.get_by_label("Pack", exact=True).set_input_files(pack)
        page.get_by_label("Policy, if not").set_input_files(mine)
        page.get_by_role("button", name="Verify").click()

    verified_by(f"log {vkey}\nquorum none\n")
    expect(page.locator("#verify")).to_contain_text("by the policy mine.policy")
    expect(page.locator("#verify")).to_contain_text("NOT WITNESSED")
    verified_by("trust everybody\n")
    expect(page.locator("#verify").get_by_role("alert")).to_contain_text("mine.policy")


def test_a_pack_of_nothing_says_why(visit: Visit, demo: str) -> None:
    visit.page.goto(f"{demo}/shipments/shp-0004")
    visit.page.get_by_role("button", name="Evidence pack").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("nothing was received")


def test_a_file_is_previewed_and_then_imported(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/import")
    page.get_by_label("File").set_input_files(EXAMPLES / "good-shipment.txt")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Genuine")
    expect(page.locator("#preview svg").first).to_be_visible()
    before = page.context.request.get(f"{demo}/v1/log").json()["size"]
    page.get_by_label("File").set_input_files(EXAMPLES / "good-shipment.txt")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Imported as packet")).to_be_visible()
    assert page.context.request.get(f"{demo}/v1/log").json()["size"] > before


def test_the_preview_is_there_as_soon_as_a_file_is_chosen_and_follows_the_limits(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/import")
    expect(page.locator("html")).to_have_class("scripted")
    before = page.context.request.get(f"{demo}/v1/log").json()["size"]
    page.get_by_label("File").set_input_files(EXAMPLES / "tarmac-excursion.txt")
    expect(page.locator("#preview")).to_contain_text("QA review")
    expect(page.locator("#preview li").first).to_contain_text("Above 8.0 °C for 4 h 35 min")
    expect(page.locator("#preview svg.chart").first).to_be_visible()
    page.locator("#preview summary", has_text="readings of internal").click()
    expect(page.locator("#preview details[open] tbody tr")).to_have_count(50)
    page.get_by_label("Limits").select_option("usp-crt")
    expect(page.locator("#preview")).to_contain_text("usp-crt")
    assert page.context.request.get(f"{demo}/v1/log").json()["size"] == before, "nothing is stored by looking"
    expect(page).to_have_url(f"{demo}/import")


def test_a_preview_is_in_the_readers_language_and_unit(visit: Visit, demo: str) -> None:
    page = visit.page
    page.context.add_cookies([{"name": "doseway_preferences", "value": "language=es&unit=F", "url": demo}])
    page.goto(f"{demo}/import")
    expect(page.locator("html")).to_have_class("scripted")
    page.get_by_label("Archivo").set_input_files(EXAMPLES / "tarmac-excursion.txt")
    expect(page.locator("#preview li").first).to_contain_text("Por encima de 46,4 °F durante 4 h 35 min")


def test_a_file_in_no_format_is_said_and_not_stored(visit: Visit, demo: str, tmp_path: Path) -> None:
    bad = tmp_path / "holiday.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0 no logger's file")
    visit.page.goto(f"{demo}/import")
    visit.page.get_by_label("File").set_input_files(bad)
    visit.page.get_by_role("button", name="Preview").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("format")


def test_a_document_is_made_changed_and_not_overwritten(visit: Visit, demo: str) -> None:
    page, other = visit.page, visit.page.context.new_page()
    page.goto(f"{demo}/documents/site/new")
    page.get_by_label("Id").fill("oslo-depot")
    page.get_by_label("Area").fill("59.91 10.75")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#wrong-area")).to_contain_text("no area")
    page.get_by_label("Area").fill("59.91 10.75 800")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Version 1.")).to_be_visible()
    other.goto(f"{demo}/documents/site/oslo-depot")
    page.get_by_label("Title").fill("Oslo depot")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Version 2.")).to_be_visible()
    other.get_by_label("Title").fill("Something else")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("alert")).to_contain_text("version 2")
    expect(other.get_by_label("Title")).to_have_value("Something else")


def test_a_table_of_documents_is_imported(visit: Visit, demo: str, tmp_path: Path) -> None:
    table = tmp_path / "parties.csv"
    table.write_text("id;title;gln\nnorth;North GmbH;4012345000009\nSOUTH;Bad id;\n")
    visit.page.goto(f"{demo}/documents/party")
    visit.page.get_by_label("Table", exact=True).set_input_files(table)
    visit.page.get_by_role("button", name="Import", exact=True).click()
    expect(visit.page.get_by_role("status").filter(has_text="1 document was put")).to_contain_text("Row 3")
    expect(visit.page.get_by_role("link", name="north")).to_be_visible()


def test_a_profile_is_tried_on_history(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/profiles/usp-crt?shipment=shp-0001")
    page.get_by_role("button", name="Try").click()
    expect(page.locator("#result")).to_contain_text("shp-0001")
    expect(page.locator("#result table")).to_contain_text("limit_c 25")
    expect(page.locator("#result table")).to_contain_text("New")
    page.get_by_label("Rules, in TOML").fill("id = 'x'")
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_role("alert")).to_contain_text("rules")


def test_a_watch_is_tried_on_a_device_and_on_all_that_was_heard_in_a_span(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/watches")
    page.get_by_role("link", name="own-vans").click()
    page.get_by_label("Device").fill("TRK-1001")
    page.get_by_role("button", name="Try").click()
    expect(page.locator("#result table")).to_contain_text("limit_lux 5")
    expect(page.locator("#result table")).to_contain_text("180")
    page.get_by_label("Device").fill("")
    page.get_by_label("From").fill("2026-03-01T00:00Z")
    page.get_by_role("button", name="Try").click()
    expect(page.locator("#result")).to_contain_text("histories")
    page.evaluate("scrollTo(0, 0)")  # the head that stays may lie over half a button anywhere else
    assert axe(page) == []
    page.get_by_label("From").fill("yesterday")
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_role("alert")).to_contain_text("no time")


def test_a_profile_is_made_by_form_tried_and_changed(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/profiles")
    page.get_by_role("link", name="New limit profile").click()
    page.get_by_label("Id (needed)").fill("cool-box")
    page.get_by_label("Title", exact=True).fill("Cool box")
    page.get_by_label("Add a rule").select_option("excursion")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("Title", exact=True).first).to_have_value("Cool box")
    page.locator("#f-rules-0-side").select_option("high")
    page.locator("#f-rules-0-limit_c").fill("warm")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("#wrong-rules-0")).to_contain_text("limit_c")
    assert axe(page) == []
    page.locator("#f-rules-0-limit_c").fill("7.5")
    page.get_by_label("Add a rule").select_option("freeze")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("#f-rules-1-limit_c").fill("0")
    page.locator("#f-rules-0-limit_c").press("Enter")
    expect(page.get_by_text("Version 1.")).to_be_visible()
    page.get_by_role("link", name="Try on history").click()
    expect(page.get_by_label("Rules, in TOML")).to_have_value(re.compile(r"limit_c = 7\.5"))
    page.get_by_label("Shipment").fill("shp-0020")
    page.get_by_role("button", name="Try").click()
    expect(page.locator("#result")).to_contain_text("Nothing was heard")
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Take this rule out Freezing").click()
    expect(page.locator("fieldset.rule-form")).to_have_count(1)
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Version 2.")).to_be_visible()
    answer = page.context.request.get(f"{demo}/v1/documents/profile/cool-box").json()
    assert [one["rule"] for one in answer["rules"]] == ["excursion"]


def test_a_watch_starts_as_the_standard_one_and_names_what_is_wrong(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/watches/standard")
    page.get_by_role("link", name="Make your own from it").click()
    expect(page.get_by_label("Id (needed)")).to_have_value("own-standard")
    expect(page.locator("fieldset.rule-form")).to_have_count(21)
    page.locator("#f-rules-1-limit_lux").fill("2.5")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Version 1.")).to_be_visible()
    assert axe(page) == []
    page.goto(f"{demo}/watches/own-standard")
    expect(page.locator("article.rule").nth(1)).to_contain_text("2.5 lx")


def test_a_table_of_rules_is_imported_row_by_row(visit: Visit, demo: str, tmp_path: Path) -> None:
    table = tmp_path / "watches.csv"
    table.write_text("id,rule,limit_lux,limit_g\nbikes,light,5,\nbikes,shock,,6\nboats,light,bright,\n")
    page = visit.page
    page.goto(f"{demo}/documents/watch")
    page.get_by_label("Table", exact=True).set_input_files(table)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="1 document was put")).to_contain_text("Row 4")
    page.get_by_text("Row by row").click()
    expect(page.get_by_role("status").filter(has_text="1 document was put")).to_contain_text("Row 2: bikes, new")
    expect(page.get_by_role("link", name="bikes")).to_be_visible()


def test_what_is_wrong_before_a_departure_is_seen_and_a_milestone_ends_it(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/?unready=1")
    expect(page.locator("#list tbody tr").first).to_contain_text("1 to check")
    page.get_by_role("row").filter(has_text="shp-0012").get_by_role("link", name="1 to check").click()
    expect(page.locator("#before")).to_contain_text("No device travels with it yet")
    assert axe(page) == []
    page.locator("select[name=milestone]").select_option("departed")
    page.get_by_role("button", name="Report").click()
    expect(page.get_by_text("The milestone is recorded.")).to_be_visible()
    expect(page.locator(".page-head")).to_contain_text("In transit")
    expect(page.locator("#before")).to_have_count(0)


def test_what_others_do_appears_by_itself(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/shipments/shp-0012")
    settle(page)
    csrf = page.locator("meta[name=csrf]").get_attribute("content") or ""
    headers = {"x-csrf-token": csrf}
    told = {"comment": "Spoofed: the tracker was swapped."}
    answer = page.context.request.post(f"{demo}/v1/alerts/a009spoofedposition/acknowledge", data=told, headers=headers)
    assert answer.status == 201
    expect(page.locator("#alerts")).to_contain_text("Spoofed: the tracker was swapped.")
    expect(page.locator("#news")).not_to_be_empty()


def test_a_reader_chooses_unit_zone_theme_and_language(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/shipments/shp-0001")
    choose(page, {"Temperature": "F", "Time": "UTC", "Colours": "dark", "Language": "es"})
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("#facts")).to_contain_text("68,7 °F")
    expect(page.locator("#facts")).to_contain_text("UTC")
    expect(page).to_have_url(f"{demo}/shipments/shp-0001")


def choose(page: Page, choices: dict[str, str]) -> None:
    page.locator(".top .menu > summary").click()
    for name, value in choices.items():
        page.locator(".top .panel").get_by_label(name, exact=True).select_option(value)
    page.locator(".top .panel .primary").click()


def test_single_keys_can_be_turned_off(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/alerts")
    choose(page, {"Single-key shortcuts": "off"})
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_hidden()


def test_sign_in_leads_to_where_one_wanted_to_go_and_roles_hide_what_they_may_not(visit: Visit, guarded: str) -> None:
    page = visit.page
    page.goto(f"{guarded}/shipments/shp-0001")
    expect(page).to_have_url(re.compile(r"/sign-in"))
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill("not-the-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{guarded}/shipments/shp-0001")
    expect(page.get_by_role("button", name="Evidence pack")).to_have_count(0)
    expect(page.get_by_role("button", name="Record the decision")).to_have_count(0)
    expect(page.get_by_text("Nobody decided yet")).to_be_visible()
    page.goto(f"{guarded}/import")
    expect(page.locator("h1")).to_contain_text("not allowed")
    page.locator(".top .menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{guarded}/alerts")
    expect(page).to_have_url(re.compile(r"/sign-in"))


def test_a_chart_is_looked_at_closely_and_has_a_table(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"{demo}/shipments/shp-0001")
    settle(page)
    plot = page.locator("dw-chart .u-over").first
    box = plot.bounding_box()
    assert box is not None
    with page.expect_request(re.compile(r"channels\?.*first_ms=\d+&last_ms=\d+")):
        page.mouse.move(box["x"] + 200, box["y"] + 80)
        page.mouse.down()
        page.mouse.move(box["x"] + 420, box["y"] + 80, steps=4)
        page.mouse.up()
    page.get_by_role("button", name="Whole journey").click()
    page.locator(".twin summary").first.click()
    expect(page.locator(".twin table").first).to_contain_text("no readings for")
    expect(page.locator(".twin caption").first).to_contain_text("limits 15.0 °C to 25.0 °C")


@pytest.mark.parametrize("path", ["/", "/shipments/shp-0001", "/alerts"])
def test_the_whole_page_is_reached_by_tab_and_the_focus_is_seen(visit: Visit, demo: str, path: str) -> None:
    page = visit.page
    page.goto(demo + path)
    settle(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
