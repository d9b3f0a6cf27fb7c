#!/usr/bin/env python3
"""Works through the page of the reference UMS in headless Chromium, by keyboard and by click.

page.py ADDRESS UNIT PACK [SCREENSHOT]: UNIT is a registered device without a seat of PACK. The browser is
driven through the pipe of its debugging protocol, without a driver or a package of its own.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time

DEADLINE = 60


class Browser:
    """A headless Chromium with one page."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory()
        (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
        # The protocol wants the descriptors 3 and 4.
        script = f'exec chromium "$@" 3<&{their_in} 4>&{their_out}'
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
                   "--no-first-run", "--disable-dev-shm-usage", f"--user-data-dir={self.profile.name}"]
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", *options, "about:blank"],
            pass_fds=(their_in, their_out), stderr=subprocess.DEVNULL)
        os.close(their_in)
        os.close(their_out)
        self.out, self.read, self.rest, self.number, self.session = our_out, our_in, b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        answer = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = answer["sessionId"]
        self.call("Emulation.setDeviceMetricsOverride", width=1500, height=1000,
                  deviceScaleFactor=1, mobile=False)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                self.rest += os.read(self.read, 1 << 16)
            text, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(text)
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer)
                return answer["result"]

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def until(self, what, expression):
        end = time.monotonic() + DEADLINE
        while not self.value(f"(() => {{ try {{ return !!({expression}) }} catch {{ return null }} }})()"):
            assert time.monotonic() < end, what
            time.sleep(0.05)

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.until(address, "document.readyState == 'complete' && document.querySelector('#events')")

    def press(self, key, code, text=None):
        keys = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        if text:
            keys["text"] = text
        self.call("Input.dispatchKeyEvent", type="keyDown", **keys)
        self.call("Input.dispatchKeyEvent", type="keyUp", **keys)

    def click(self, element):
        """Clicks in the middle of an element, as a mouse does."""
        self.value(f"{element}.scrollIntoView({{block: 'center'}})")
        box = self.value(f"(r => [r.x + r.width / 2, r.y + r.height / 2])({element}.getBoundingClientRect())")
        for kind in ["mousePressed", "mouseReleased"]:
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def screenshot(self, file):
        image = self.call("Page.captureScreenshot", format="png")["data"]
        with open(file, "wb") as out:
            out.write(base64.b64decode(image))

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.profile.cleanup()


def row(unit):
    return f"[...document.querySelectorAll('#devices tbody tr')].find(r => r.cells[0].innerText == {unit!r})"


def form(unit, order):
    return f"{row(unit)}.querySelector('form[action=\"/do/{order}\"]')"


def submitted(browser, order):
    browser.until(order, f"document.querySelector('[role=status]').innerText == '{order}: done'")


def main(address, unit, pack, screenshot=None):
    browser = Browser()
    try:
        browser.open(address)
        assert browser.value(f"{row(unit)}.innerText.includes('UNLICENSED')"), "the device is shown"

        # Deploy by keyboard alone: Tab reaches every control, typing chooses, Enter sends.
        browser.value(f"{row(unit)}.scrollIntoView()")
        select = f"{form(unit, 'deploy')}.querySelector('select')"
        for _ in range(500):
            if browser.value(f"document.activeElement == {select}"):
                break
            browser.press("Tab", 9)
        assert browser.value(f"document.activeElement == {select}"), "Tab reaches the packs"
        assert browser.value("getComputedStyle(document.activeElement).outlineStyle") != "none", "focus shows"
        for character in pack:
            browser.call("Input.dispatchKeyEvent", type="char", text=character)
        assert browser.value(f"{select}.value") == pack, "typing chooses the pack"
        browser.press("Tab", 9)
        browser.press("Enter", 13, "\r")
        submitted(browser, "deploy")
        end = time.monotonic() + DEADLINE
        while not browser.value(f"{row(unit)}.cells[4].innerText == 'valid'"):
            assert time.monotonic() < end, "the device is licensed"
            browser.open(address)

        # The rest by click.
        browser.click(f"{form(unit, 'refresh')}.querySelector('button')")
        submitted(browser, "refresh")
        browser.value(f"{form(unit, 'profile')}.querySelector('select').value = 'powerterm'")
        browser.click(f"{form(unit, 'profile')}.querySelector('button')")
        submitted(browser, "profile")
        assert browser.value(f"{form(unit, 'profile')}.querySelector('select').value") == "powerterm"
        browser.click("[...document.links].find(a => a.innerText == 'Unlicensed')")
        browser.until("the view", "location.search == '?view=unlicensed'")
        assert not browser.value(f"!!{row(unit)}"), "a licensed device is not in the view"

        # Light and dark.
        paper = {}
        for scheme in ["light", "dark"]:
            browser.call("Emulation.setEmulatedMedia",
                         features=[{"name": "prefers-color-scheme", "value": scheme}])
            browser.open(address)
            paper[scheme] = browser.value("getComputedStyle(document.body).backgroundColor")
            if screenshot:
                browser.screenshot(screenshot.replace(".png", f"-{scheme}.png"))
        assert paper["light"] == "rgb(255, 255, 255)" and paper["dark"] != paper["light"], paper

        browser.click(f"{form(unit, 'remove')}.querySelector('button')")
        submitted(browser, "remove")
        print("the page works by keyboard and by click, light and dark")
    finally:
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
