//! What is decided about what an app has.

use pocket_id_store::types::ScimProviderId;
use serde_json::json;

use super::*;

const USER: ScimKind = ScimKind::User;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn body(number: u128, name: &str) -> Value {
    json!({"externalId": id(number), "userName": name, "active": true})
}

/// Somebody here, whose name and address prove nothing.
fn person(number: u128, name: &str) -> Wanted {
    Wanted {
        id: id(number),
        name: name.to_owned(),
        body: Ok(body(number, name)),
        claim: Claim::default(),
    }
}

fn there(value: &Value) -> Resource {
    Resource::read(USER, value).unwrap()
}

/// An account at the app as it is after it was sent.
fn account(remote_id: &str, number: u128, name: &str) -> Resource {
    let mut value = body(number, name);
    value["id"] = json!(remote_id);
    there(&value)
}

/// What is remembered after that.
fn row(remote_id: &str, number: u128, name: &str, origin: ScimOrigin) -> ScimResource {
    ScimResource {
        provider_id: ScimProviderId(Uuid::nil()),
        kind: USER,
        local_id: id(number),
        remote_id: Some(remote_id.to_owned()),
        remote_name: name.to_owned(),
        origin,
        sent_hash: Some(hash(&body(number, name))),
        seen_hash: None,
    }
}

/// What a plan does, in short.
fn short(plan: &Plan) -> Vec<String> {
    let removals = plan.removals.iter().map(|removal| match removal {
        Removal::Delete { remote_id, .. } => format!("delete {remote_id}"),
        Removal::Release { remote_id, .. } => format!("release {remote_id}"),
    });
    let replacements = plan
        .replacements
        .iter()
        .map(|one| format!("replace {} for {}", one.remote_id, one.name));
    let creations = plan.creations.iter().map(|one| format!("create {}", one.name));
    let refusals = plan.refusals.iter().map(|one| format!("refuse {}", one.name));
    removals
        .chain(replacements)
        .chain(creations)
        .chain(refusals)
        .collect()
}

fn planned(wanted: &[Wanted], remote: &[Resource], known: &[ScimResource]) -> Vec<String> {
    short(&plan(USER, wanted, remote, known))
}

const NOTHING: [&str; 0] = [];

#[test]
fn nobody_elses_accounts_are_touched_whatever_they_look_like() {
    let strangers = [
        there(&json!({"id": "1", "userName": "root"})),
        there(&json!({"id": "2", "userName": "svc", "externalId": "crm-17"})),
        there(&json!({"id": "3", "userName": "eve", "externalId": id(99)})),
        there(&json!({"id": "4"})),
    ];
    assert_eq!(planned(&[], &strangers, &[]), NOTHING);
    assert_eq!(planned(&[person(1, "tim")], &strangers, &[]), ["create tim"]);
}

#[test]
fn an_account_is_made_kept_changed_and_deleted() {
    let tim = [person(1, "tim")];
    let made = [account("a", 1, "tim")];
    let known = [row("a", 1, "tim", ScimOrigin::Created)];
    assert_eq!(planned(&tim, &[], &[]), ["create tim"]);
    assert_eq!(planned(&tim, &made, &known), NOTHING);
    assert_eq!(
        planned(&[person(1, "timothy")], &made, &known),
        ["replace a for timothy"]
    );
    assert_eq!(planned(&[], &made, &known), ["delete a"]);
    // Somebody removed it there.
    assert_eq!(planned(&tim, &[], &known), ["create tim"]);
    let gone = plan(USER, &[], &[], &known);
    assert_eq!((short(&gone).len(), gone.forgotten), (0, vec![id(1)]));
}

#[test]
fn what_was_there_before_is_never_deleted() {
    let tim = [person(1, "tim")];
    // It has our identifier, but we know nothing of having made it.
    let found = [account("a", 1, "tim")];
    let first = plan(USER, &tim, &found, &[]);
    assert_eq!(short(&first), ["replace a for tim"]);
    assert_eq!(first.replacements[0].origin, ScimOrigin::Found);
    let known = [row("a", 1, "tim", ScimOrigin::Found)];
    let last = plan(USER, &[], &found, &known);
    let Removal::Release { body, .. } = &last.removals[0] else {
        panic!("{last:?}");
    };
    assert_eq!(body["active"], json!(false));
    assert_eq!(body["userName"], json!("tim"));
    assert_eq!(body.get("id"), None);
    // Once is enough.
    let released = there(&json!({"id": "a", "externalId": id(1), "userName": "tim", "active": false}));
    assert_eq!(planned(&[], &[released], &known), NOTHING);
}

#[test]
fn an_account_that_became_somebody_elses_is_let_go() {
    let known = [row("1", 1, "tim", ScimOrigin::Created)];
    for other in [
        // The app was set up anew and counts from one again.
        json!({"id": "1", "userName": "admin"}),
        // Somebody else provisions it now.
        json!({"id": "1", "userName": "tim", "externalId": "other"}),
        json!({"id": "1", "userName": "tim", "externalId": id(2)}),
    ] {
        let other = [there(&other)];
        assert_eq!(planned(&[], &other, &known), NOTHING, "{other:?}");
        assert_eq!(plan(USER, &[], &other, &known).forgotten, [id(1)]);
    }
    // An app that keeps no external identifiers is believed by name.
    let silent = [there(&json!({"id": "1", "userName": "Tim"}))];
    assert_eq!(planned(&[], &silent, &known), ["delete 1"]);
    assert_eq!(planned(&[person(1, "tim")], &silent, &known), NOTHING);
}

#[test]
fn who_may_take_over_an_account_of_the_same_name() {
    let bare = json!({"id": "a", "userName": "TIM"});
    let with_address = json!({"id": "a", "userName": "tim", "emails": [{"value": "Tim@Example.com"}]});
    let of_others =
        json!({"id": "a", "userName": "tim", "externalId": "x", "emails": [{"value": "tim@example.com"}]});
    let claim = |by_name, address: Option<&str>| Claim {
        by_name,
        address: address.map(str::to_owned),
    };
    let mine = Some("tim@example.com");
    for (account, claim, expected) in [
        (&bare, claim(true, None), "replace a for tim"),
        (&bare, claim(false, mine), "refuse tim"),
        (&with_address, claim(false, mine), "replace a for tim"),
        (
            &with_address,
            claim(false, Some("other@example.com")),
            "refuse tim",
        ),
        (
            &with_address,
            claim(true, Some("other@example.com")),
            "refuse tim",
        ),
        (&with_address, claim(false, None), "refuse tim"),
        (&with_address, claim(true, None), "refuse tim"),
        (&of_others, claim(true, mine), "refuse tim"),
    ] {
        let wanted = Wanted {
            claim: claim.clone(),
            ..person(1, "tim")
        };
        let plan = plan(USER, &[wanted], &[there(account)], &[]);
        assert_eq!(short(&plan), [expected], "{account} {claim:?}");
        if let [replacement] = &plan.replacements[..] {
            assert_eq!(replacement.origin, ScimOrigin::Found);
        }
    }
    // Which of two would it be?
    let twice = [there(&bare), there(&json!({"id": "b", "userName": "tim"}))];
    let wanted = Wanted {
        claim: claim(true, None),
        ..person(1, "tim")
    };
    assert_eq!(planned(&[wanted], &twice, &[]), ["refuse tim"]);
}

#[test]
fn a_name_that_somebody_leaves_is_free_for_somebody_else() {
    // The account of a deleted person, whose name a new one has.
    let known = [row("a", 1, "tim", ScimOrigin::Created)];
    assert_eq!(
        planned(&[person(2, "tim")], &[account("a", 1, "tim")], &known),
        ["delete a", "create tim"]
    );
}

#[test]
fn what_was_begun_is_ours_when_it_turns_up() {
    let begun = ScimResource {
        remote_id: None,
        sent_hash: None,
        ..row("", 1, "tim", ScimOrigin::Created)
    };
    let made = [account("a", 1, "tim")];
    let later = plan(USER, &[person(1, "tim")], &made, std::slice::from_ref(&begun));
    assert_eq!(short(&later), ["replace a for tim"]);
    assert_eq!(later.replacements[0].origin, ScimOrigin::Created);
    assert_eq!(planned(&[], &made, std::slice::from_ref(&begun)), ["delete a"]);
    assert_eq!(planned(&[person(1, "tim")], &[], &[begun]), ["create tim"]);
}

#[test]
fn a_drifted_account_is_put_right_and_a_stubborn_one_left() {
    let tim = [person(1, "tim")];
    let mut known = row("a", 1, "tim", ScimOrigin::Created);
    for drift in [
        json!({"userName": "other"}),
        json!({"active": false}),
        json!({"displayName": "Timmy"}),
        json!({"emails": [{"value": "x@example.com"}]}),
        json!({"name": {"givenName": "X"}}),
    ] {
        let mut value = body(1, "tim");
        value["id"] = json!("a");
        value
            .as_object_mut()
            .unwrap()
            .extend(drift.as_object().unwrap().clone());
        let drifted = [there(&value)];
        assert_eq!(
            planned(&tim, &drifted, &[known.clone()]),
            ["replace a for tim"],
            "{drift}"
        );
        // It was told so and shows the same again: asking each hour would not help.
        known.seen_hash = Some(drifted[0].hash());
        assert_eq!(planned(&tim, &drifted, &[known.clone()]), NOTHING, "{drift}");
        known.seen_hash = None;
    }
    // What it does not show, writes in other letters, or adds of its own is no drift.
    let quiet = there(&json!({
        "id": "a", "externalId": id(1), "userName": "TIM", "nickName": "T", "meta": {"version": "7"}
    }));
    assert_eq!(planned(&tim, &[quiet], &[known]), NOTHING);
}

#[test]
fn accounts_that_share_an_identifier_are_told_apart() {
    let twice = [account("a", 1, "tim"), account("b", 1, "tim2")];
    let known = [row("b", 1, "tim", ScimOrigin::Created)];
    // The one that is known; the other is nobody we know.
    assert_eq!(planned(&[], &twice, &known), ["delete b"]);
    let first = plan(USER, &[person(1, "tim")], &twice, &[]);
    assert_eq!(short(&first), ["replace a for tim"]);
}

#[test]
fn groups() {
    let group = |value: &Value| Resource::read(ScimKind::Group, value).unwrap();
    let wanted = |body: Result<Value, String>| Wanted {
        id: id(1),
        name: "Developers".to_owned(),
        body,
        claim: Claim {
            by_name: true,
            address: None,
        },
    };
    let sent = json!({"externalId": id(1), "displayName": "Developers", "members": [{"value": "a"}]});
    let known = ScimResource {
        kind: ScimKind::Group,
        sent_hash: Some(hash(&sent)),
        ..row("g", 1, "Developers", ScimOrigin::Created)
    };
    let mut value = sent.clone();
    value["id"] = json!("g");
    let run = |wanted: &[Wanted], remote: &[Resource], known: &[ScimResource]| {
        short(&plan(ScimKind::Group, wanted, remote, known))
    };
    let told = [wanted(Ok(sent.clone()))];
    assert_eq!(
        run(&told, &[group(&value)], std::slice::from_ref(&known)),
        NOTHING
    );
    // Somebody was put in there.
    let mut more = value.clone();
    more["members"] = json!([{"value": "a"}, {"value": "stranger"}]);
    assert_eq!(
        run(&told, &[group(&more)], std::slice::from_ref(&known)),
        ["replace g for Developers"]
    );
    // A group that cannot be told of stays as it is: it is not one that has left.
    let untold = [wanted(Err("a member is missing".to_owned()))];
    assert_eq!(
        run(&untold, &[group(&value)], std::slice::from_ref(&known)),
        ["refuse Developers"]
    );
    assert_eq!(
        run(&[], &[group(&value)], std::slice::from_ref(&known)),
        ["delete g"]
    );
    // A group of the app's own that has the name is taken over, and emptied when ours is gone.
    let own = [group(
        &json!({"id": "g", "displayName": "Developers", "members": [{"value": "z"}]}),
    )];
    assert_eq!(run(&told, &own, &[]), ["replace g for Developers"]);
    let found = ScimResource {
        origin: ScimOrigin::Found,
        ..known
    };
    let left = plan(ScimKind::Group, &[], &own, std::slice::from_ref(&found));
    let Removal::Release { body, .. } = &left.removals[0] else {
        panic!("{left:?}");
    };
    assert_eq!(
        (body.get("members"), &body["displayName"]),
        (None, &json!("Developers"))
    );
    // Somebody else's group of the same name may stand beside ours.
    let theirs = [group(
        &json!({"id": "g", "displayName": "Developers", "externalId": "x"}),
    )];
    assert_eq!(run(&told, &theirs, &[]), ["create Developers"]);
    // Rows of people are not about groups.
    assert_eq!(
        run(
            &[],
            &[group(&value)],
            &[row("g", 1, "Developers", ScimOrigin::Created)]
        ),
        NOTHING
    );
}

/// Whatever an app has and whatever is remembered: only what is remembered as ours is deleted.
#[test]
fn deletions_need_a_memory_of_having_made_it() {
    let names = ["tim", "eve", "admin"];
    let externals = [
        None,
        Some(id(1).to_string()),
        Some(id(2).to_string()),
        Some("x".to_owned()),
    ];
    for name in names {
        for external in &externals {
            for origin in [ScimOrigin::Created, ScimOrigin::Found] {
                for known_as in ["a", "b"] {
                    let mut value = json!({"id": "a", "userName": name});
                    if let Some(external) = external {
                        value["externalId"] = json!(external);
                    }
                    let known = [row(known_as, 1, "tim", origin)];
                    let done = planned(&[], &[there(&value)], &known);
                    let ours = known_as == "a"
                        && match external {
                            None => name == "tim",
                            Some(external) => *external == id(1).to_string(),
                        };
                    let expected: &[&str] = match (ours, origin) {
                        (true, ScimOrigin::Created) => &["delete a"],
                        (true, ScimOrigin::Found) => &["release a"],
                        (false, _) => &[],
                    };
                    assert_eq!(done, expected, "{value} {known:?}");
                }
            }
        }
    }
}
