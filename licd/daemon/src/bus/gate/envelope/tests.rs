use super::*;

fn call(member: &'static str, flags: Flags) -> Message {
    let call = Message::method_call("/com/igel/License1", member).with_flags(flags);
    call.sender(":1.7").build(&"text").unwrap()
}

fn envelope(message: &Message) -> Envelope {
    let bytes = message.data().bytes();
    let lengths = Lengths::of(bytes).unwrap();
    assert_eq!(lengths.all(), bytes.len());
    Envelope::read(&bytes[..lengths.head]).unwrap()
}

#[test]
fn a_head_tells_who_wants_what() {
    let message = call("GetStatus", Flags::empty());
    let read = envelope(&message);
    assert_eq!((read.sender.as_str(), read.member.as_str()), (":1.7", "GetStatus"));
    assert_eq!(read.serial, message.primary_header().serial_num().get());
    assert_eq!((read.kind, read.is_silent, read.descriptors), (Kind::Fast, false, 0));
}

/// The fields as the reader of any types reads them.
fn fields_of_any_types(head: &[u8]) -> Option<(String, String, u32)> {
    let data = Data::new(head, Context::new(byte_order(head)?, 0));
    let ((.., fields), _) = data.deserialize::<Head<'_>>().ok()?;
    let Fields { member, sender, descriptors } = Fields::read(&fields);
    Some((member.to_owned(), sender.to_owned(), descriptors))
}

#[test]
fn both_ways_of_reading_read_the_same_fields() {
    let named = Message::method_call("/a/b", "Get").interface("a.b").destination("c.d");
    let answered = call("Poll", Flags::empty());
    let messages = [
        call("GetStatus", Flags::empty()),
        named.sender(":1.700").build(&("a", 7_u8)).unwrap(),
        Message::method_call("/", "Ping").build(&()).unwrap(),
        Message::signal("/a", "a.b", "Changed").sender(BUS).build(&()).unwrap(),
        Message::method_return(&answered.header()).sender(BUS).build(&"x").unwrap(),
        Message::error(&answered.header(), "a.B").sender(":1.2").build(&"x").unwrap(),
    ];
    let mut read = 0;
    for message in &messages {
        let bytes = message.data().bytes();
        let head = bytes[..Lengths::of(bytes).unwrap().head].to_vec();
        assert!(Fields::read_plain(&head).is_some());
        for at in 0..head.len() {
            for byte in [head[at], 0, 1, 4, b's', b'u', b'v', head[at] ^ 0x80, head[at] + 1] {
                let mut head = head.clone();
                head[at] = byte;
                let plain = Fields::read_plain(&head);
                let plain =
                    plain.map(|f| (f.member.to_owned(), f.sender.to_owned(), f.descriptors));
                if let (Some(plain), Some(other)) = (plain, fields_of_any_types(&head)) {
                    assert_eq!(plain, other, "byte {at}: {byte}");
                    read += 1;
                }
            }
        }
        let end = FIXED + number(Endian::Little, &head, 12).unwrap();
        assert!((0..end).all(|end| Fields::read_plain(&head[..end]).is_none()));
    }
    assert!(read > 1000, "{read}");
}

#[test]
fn a_call_without_an_answer_counts_only_if_it_has_an_effect() {
    let silent = |member| envelope(&call(member, Flags::NO_REPLY_EXPECTED)).kind;
    assert_eq!(silent("GetStatus"), Kind::Void);
    assert_eq!([silent("Refresh"), silent("Answer")], [Kind::Slow; 2]);
}

#[test]
fn signals_are_heard_of_the_bus_alone() {
    let signal = |sender: &'static str| {
        let signal = Message::signal("/", "org.freedesktop.DBus", "NameOwnerChanged");
        envelope(&signal.sender(sender).build(&()).unwrap()).kind
    };
    assert_eq!([signal(BUS), signal(":1.7")], [Kind::Own, Kind::Void]);
}

#[test]
fn a_refusal_answers_the_call_and_says_why() {
    let message = call("GetStatus", Flags::empty());
    let refusal = envelope(&message).refusal("is too long").unwrap();
    let header = refusal.header();
    assert_eq!(header.reply_serial(), Some(message.primary_header().serial_num()));
    assert_eq!(header.destination().unwrap().as_str(), ":1.7");
    assert_eq!(refusal.body().deserialize::<&str>().unwrap(), "GetStatus: is too long");
    assert!(envelope(&call("Poll", Flags::NO_REPLY_EXPECTED)).refusal("x").is_none());
}

#[test]
fn what_is_no_message_is_none() {
    assert_eq!(Lengths::of(&[0; 16]), None);
    assert_eq!(Lengths::of(b"l"), None);
    assert_eq!(Envelope::read(b"l\x01\0\x01"), None);
    let mut unknown = call("GetStatus", Flags::empty()).data().bytes().to_vec();
    unknown[1] = 5;
    assert_eq!(Envelope::read(&unknown).unwrap().kind, Kind::Void);
}

#[test]
fn settings_fit_that_are_as_long_as_the_file_may_be() {
    let most = usize::try_from(licd_files::settings::FILE_BYTES).unwrap();
    let settings = Message::method_call("/", "ApplySettings").build(&"x".repeat(most)).unwrap();
    let lengths = Lengths::of(settings.data().bytes()).unwrap();
    assert!(lengths.body <= SETTINGS_BODY && lengths.body + 8 > SETTINGS_BODY);
}
