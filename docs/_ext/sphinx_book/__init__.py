"""The Sphinx extension of the book: all that is computed while it is built.

Each directive lives in a module of its own; this one names them to Sphinx.
"""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from sphinx_book import (
    ahead,
    behaviour_lists,
    bench_tables,
    broken,
    browser,
    callouts,
    catch_tables,
    chat,
    error_codes,
    facts,
    include,
    listing,
    llms,
    messages,
    notebooks,
    outdated,
    output,
    picture,
    published,
    search_index,
    stepper,
    story_table,
    versions_table,
    your_turn,
)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directives known."""
    app.add_node(listing.Listing, html=(listing.visit_listing, None))
    plain = (callouts.pass_over, callouts.pass_over)
    app.add_node(callouts.line_link, html=plain)
    app.add_directive("step", listing.StepListing)
    app.add_directive("diff", listing.Diff)
    app.add_directive("callouts", callouts.Callouts)
    app.add_role("line", callouts.Line())
    app.add_directive("literalinclude", include.Include, override=True)
    app.add_directive("output", output.Output)
    app.add_directive("picture", picture.Picture)
    app.add_node(stepper.Poster, html=(stepper.visit, stepper.depart))
    app.add_directive("stepper", stepper.Stepper)
    app.add_role("moment", stepper.Moment())
    app.add_directive("chat", chat.Chat)
    app.connect("html-page-context", chat.add_script)
    app.connect("doctree-read", stepper.check_moments)
    app.connect("html-page-context", stepper.add_script)
    app.connect("html-page-context", published.describe)
    app.add_directive("broken", broken.Broken)
    app.add_directive("spot-the-bug", broken.SpotTheBug)
    app.add_directive("your-turn", your_turn.YourTurn)
    app.add_directive("story", story_table.StoryTable)
    app.add_directive("behaviours", behaviour_lists.Behaviours)
    app.add_directive("staircase", behaviour_lists.Staircase)
    app.add_directive("messages", messages.Messages)
    app.add_directive("error-codes", error_codes.ErrorCodes)
    app.add_directive("versions", versions_table.Versions)
    app.add_directive("catches", catch_tables.Catches)
    app.add_directive("costs", catch_tables.Costs)
    app.add_directive("mutants", catch_tables.Mutants)
    app.add_directive("measured", bench_tables.Measured)
    app.add_role("measured", bench_tables.Figure())
    app.add_transform(facts.Facts)
    app.connect("doctree-read", callouts.note_listings)
    app.connect("doctree-resolved", callouts.resolve)
    app.connect("env-purge-doc", callouts.forget)
    app.connect("env-merge-info", callouts.merge)
    app.add_config_value("book_python", False, "env", bool)
    app.add_config_value("book_pyodide", None, "", Path)  # its folder, once it is here
    app.connect("builder-inited", browser.fetch)
    app.connect("env-get-outdated", outdated.to_be_read)
    app.connect("env-before-read-docs", ahead.run)
    app.connect("source-read", notebooks.execute)
    app.connect("env-updated", outdated.to_be_written)
    app.connect("build-finished", browser.add)
    app.connect("build-finished", llms.write)
    app.connect("build-finished", published.write)
    app.connect("build-finished", search_index.complete)
    app.connect("build-finished", outdated.forget_failures)
    app.add_js_file("reachable.js", loading_method="defer")
    app.add_js_file("live/live.js", type="module")
    app.add_css_file("live/live.css")
    return {
        "parallel_read_safe": True,
        "parallel_write_safe": True,
        "env_version": 1,
    }
