"""What axe finds wrong with a page as it stands."""

from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_RUN = """async ([context, tags]) => {
  const options = { resultTypes: ["violations"] };
  if (tags.length) options.runOnly = tags;
  const { violations } = await axe.run(context || document, options);
  return violations.map((each) => `${each.id} ${each.nodes[0].html}`);
}"""


def violations(page: Page, context: str = "", tags: Sequence[str] = ()) -> list[str]:
    """Each violation by its rule and the first element; `context`: a selector of where to look.

    `tags`: the rules that are asked for; axe's own choice where none are named.
    """
    # Half a megabyte: into each page once, not once for each screen of it.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_RUN, [context, list(tags)])
    return found
