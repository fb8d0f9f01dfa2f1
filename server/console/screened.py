"""Words that others will see, shown to WeChat's content check outside any transaction."""

from server.platform.screening import Scene, Step, Use, screen
from server.web.resources import resources


def screened(words: str, *, openid: str | None = None, use: Use) -> Step:
    """What WeChat's check says of words by `openid`, None: by the staff's own checker.

    It wants somebody who has the mini-program. Where there is neither that nor a mini-program,
    nothing can be asked: then it is for the officer alone who reads the words.
    """
    known = resources()
    app_id = known.settings.wechat_mini_app_id
    app = known.platform.app(app_id) if known.platform is not None and app_id else None
    who = openid or known.settings.wechat_checker_openid
    if use is Use.PUBLICATION and (app is None or who is None):
        return Step.GO_ON
    return screen(app, words, openid=who, use=use, scene=Scene.SOCIAL)
