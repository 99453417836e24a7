-- Data as version 1 stores it.
INSERT INTO meta (name, value) VALUES ('log_id', '0b0d5f0e-0000-4000-8000-000000000001'), ('copied', '');
INSERT INTO chats (key, id, name, bot_id, token, identity, secret, origins, language, demo, settings)
VALUES (1, '11111111-1111-4111-8111-111111111111', 'Demo', '33333333-3333-4333-8333-333333333333', 'token', 'open', '',
        '["https://example.org"]', 'ru', TRUE, '{"sessionTtl":3600}');
INSERT INTO bots (id, name) VALUES ('33333333-3333-4333-8333-333333333333', 'Бот');
INSERT INTO clients (key, id, external_id, name, first_name, middle_name, last_name, name_for_operator, phone, email, device_id,
                     timezone, metadata, created_at)
VALUES (1, '44444444-4444-4444-8444-444444444444', 'ext', 'Анна', '', '', '', '', '', '', '', 180, '{"k":"v"}', 1772366400000000);
INSERT INTO client_aliases (chat_key, kind, value, client_key) VALUES (1, 'external', 'ext', 1);
INSERT INTO sessions (key, id, chat_key, chat_id, demo, client_key, client_id, bot_id, status, owner_kind, owner_id, owner_name,
                      term, ttl, started_at, check_at, closed_at)
VALUES (1, '22222222-2222-4222-8222-222222222222', 1, '11111111-1111-4111-8111-111111111111', TRUE, 1,
        '44444444-4444-4444-8444-444444444444', '33333333-3333-4333-8333-333333333333', 'open', 'bot',
        '33333333-3333-4333-8333-333333333333', 'Бот', 1, 3600000000, 1772366400000000, 1772370000000000, 0);
INSERT INTO session_heads (session_key, sequence, widget_no, session_no, widget_given, client_read, cursor, pending, active_at,
                           lease_node, lease_until, lease_attempts, due_at)
VALUES (1, 2, 0, 1, 0, 0, 1, 2, 1772366401000000, 'node', 1772366461000000, 1, 1772366401000000);
INSERT INTO session_details (session_key, name, channel, messenger_type, messenger_user_id, referer, variables, bot_node_id,
                             callback_url, callback_data, event_callback_url, event_callback_data, notify_on_events, client_ip)
VALUES (1, '', 'WIDGET', '', '', '', 'null', '', '', '', '', '', 'null', '127.0.0.1');
INSERT INTO events (key, session_key, sequence, widget_no, session_no, id, kind, at, payload)
VALUES (1, 1, 1, 0, 0, '019c0000-0000-7000-8000-000000000001', 'session.started', 1772366400000000, '{"v":1,"p":{}}'),
       (2, 1, 2, 0, 1, '019c0000-0000-7000-8000-000000000002', 'message.created', 1772366401000000,
        '{"v":1,"p":{"id":"019c0000-0000-7000-8000-000000000002","authorType":"CLIENT","type":"REGULAR","body":"Привет"}}');
INSERT INTO session_states (session_key, data) VALUES (1, '{"s":1}');
INSERT INTO client_states (client_key, bot_id, data, version) VALUES (1, '33333333-3333-4333-8333-333333333333', '{"c":1}', 3);
INSERT INTO idempotency (digest, body_hash, session_id, event_id, sequence, created_at)
VALUES ('abcdefghijklmnopqrstuvwx', 'hash', '22222222-2222-4222-8222-222222222222', '', 0, 1772366400000000);
