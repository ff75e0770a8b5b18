"""Logging in and out, and the language."""

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator.models import Project


def test_a_stranger_is_sent_to_the_login_and_then_where_he_wanted(
    client: Client, alice: User, project: Project
) -> None:
    wanted = reverse("project-detail", args=[project.pk])
    response = client.get(wanted)
    assert response.status_code == 302
    assert response["Location"].endswith(f"/login/?next={wanted}")
    answer = {"username": "alice", "password": "alice's password", "next": wanted}
    response = client.post(reverse("login"), answer)
    assert response["Location"] == wanted


def test_a_wrong_password_is_answered_with_a_sentence(
    client: Client, alice: User
) -> None:
    response = client.post(reverse("login"), {"username": "alice", "password": "no"})
    assert response.status_code == 200
    assert b"Please enter a correct username and password" in response.content


def test_logging_out_takes_a_post(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get(reverse("logout")).status_code == 405
    client.post(reverse("logout"))
    assert client.get(reverse("project-list")).status_code == 302


def test_a_fragment_that_reloads_after_log_out_gets_no_login_form(
    client: Client, db: None
) -> None:
    response = client.get(
        reverse("worker-status"), headers={"HX-Request": "true"}, follow=True
    )
    assert response.status_code == 401
    assert response.content == b""


def test_the_language_can_be_switched_before_logging_in(
    client: Client, db: None
) -> None:
    login = reverse("login")
    client.post(reverse("set-language"), {"language": "zh-hans", "next": login})
    page = client.get(login).content.decode()
    assert '<html lang="zh-hans">' in page
    assert "登录" in page


def test_no_page_says_anything_inline_that_the_security_policy_forbids(
    client: Client, db: None
) -> None:
    response = client.get(reverse("login"))
    assert "default-src 'self'" in response["Content-Security-Policy"]
    page = response.content.decode()
    assert "style=" not in page
    assert "onclick" not in page
