"""What `streamlit run app.py`, `uvicorn app:app` and `careloop serve` start: the pages and the web routes beside them.

The pages run below pages/_frame.py, so that a deep link on a fresh server cannot open a page without its frame.
"""

import sys
from pathlib import Path

import streamlit as st

from core import private_files, unexpected
from core.errors import CareloopError
from core.web import middleware, routes

ROOT = Path(__file__).parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # pages import each other as `pages._shared`

private_files.keep_private()
unexpected.keep_values_out()


def _say(error: Exception) -> bool:
    """What a page shows that could not go on."""
    from pages._shared import plain

    words = str(error) if isinstance(error, CareloopError) else unexpected.sentence(error)
    st.error(plain(words), icon=":material/error:")
    return True


app = st.App(ROOT / "pages" / "_frame.py", routes=routes(), middleware=middleware(), on_script_error=_say)

if __name__ == "__main__":
    app.run()
