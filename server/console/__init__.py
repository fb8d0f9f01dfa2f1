"""The staff's desk under /staff: pages made on the server, usable without scripts.

How to add a page:

1. A module per group of pages, with a blueprint of its own; list the module in `_GROUPS` below::

       blueprint = Blueprint("funds", __name__, url_prefix="/funds")

       @blueprint.get("/")
       @admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
       def get_funds() -> Response:
           with resources().database.read() as session:
               mine = funds.listed(session, officer(), regions())
           return page("funds.html", title="资金", funds=mine)

   Its endpoint is then `desk.funds.get_funds`. `officer()` and `regions()` come from `entering`;
   what lies outside the officer's regions is the domain's to refuse, with the officer as argument.
   Names or numbers of people never stand in an address: such a search is a POST.

2. A template `templates/console/funds.html` that extends `console/base.html` and fills
   `{% block content %}`; the heading comes from `title`. `console/macros.html` has fields, tables,
   badges, pages: import them `{% import "console/macros.html" as ui %}`. Every form that changes
   something stands in `{% call ui.form(url_for(…)) %}`, which brings the token along; no inline
   script or `style=`: the policy forbids both. SVG attributes are fine.

3. A change is a POST that ends in `go_to(url, "已保存。")`; the words are shown once on the next
   page. What was typed goes through a Pydantic model: `form = forms.read(Asked)`; where it has no
   `asked`, show the page again with `form` and status 422: each field shows its own error. What the
   domain refuses of one field: `form.refuse("name", "…")`. Any other error becomes a page with the
   words of `server.web.problems`. Files and long texts: `@takes(megabytes=8)` below `@admits`.

4. A line in `navigation.py`, if it belongs into the menu; who sees it follows from the route.

5. A row for each route in `PAGES` of tests/server/console/pages.py: roles, how to call it, what it
   answers an officer of another region. The tests of roles, regions, forged forms, accessibility,
   size and origin go over that table.
"""

from apiflask import APIBlueprint

from server.console import (
    arrears,
    audit_views,
    case,
    case_lists,
    case_moves,
    employers,
    entering,
    funds,
    help_requests,
    helping,
    home,
    insights,
    knowledge,
    knowledge_intake,
    knowledge_measures,
    knowledge_publishing,
    knowledge_sheets,
    knowledge_trying,
    knowledge_unanswered,
    merchants,
    offers,
    outreach,
    pairing_files,
    pairing_proposals,
    pairings,
    payments,
    people,
    register,
    register_forms,
    register_imports,
    rendering,
    reports,
    rosters,
    signing_in,
    switches,
    voucher_rounds,
    vouchers,
)

_GROUPS = (
    home,
    signing_in,
    case_lists,
    case,
    case_moves,
    help_requests,
    arrears,
    payments,
    funds,
    rosters,
    reports,
    insights,
    audit_views,
    offers,
    outreach,
    register,
    register_forms,
    register_imports,
    employers,
    pairings,
    pairing_proposals,
    helping,
    pairing_files,
    voucher_rounds,
    vouchers,
    merchants,
    people,
    knowledge,
    knowledge_publishing,
    knowledge_trying,
    knowledge_intake,
    knowledge_measures,
    knowledge_sheets,
    knowledge_unanswered,
    switches,
)

blueprint = APIBlueprint(
    "desk",
    __name__,
    url_prefix="/staff",
    static_folder="static",
    static_url_path="/static",
    template_folder="templates",
    enable_openapi=False,
)
for _group in _GROUPS:
    blueprint.register_blueprint(_group.blueprint)
blueprint.before_request(entering.refuse_forged)
blueprint.after_request(rendering.protect)
blueprint.register_error_handler(Exception, rendering.fail)
for _name, _function in rendering.GLOBALS.items():
    blueprint.add_app_template_global(_function, _name)
