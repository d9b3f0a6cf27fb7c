//! Verdicts in one clause, whose subject is the licence unless the clause names another.

use licd_rules::Code;

pub(crate) fn english(code: Code) -> &'static str {
    match code {
        Code::Valid => "it is valid",
        Code::Pending => "it starts later",
        Code::Malformed => "the file is not a licence",
        Code::Unsupported => "it needs a newer system",
        Code::TooLarge => "the file is too large",
        Code::BadSignature => "its signature is wrong",
        Code::UnknownKey => "its signer is not known",
        Code::UntrustedProduct => "its signer may not sign this product",
        Code::WrongDevice => "it is for another device",
        Code::Expired => "it has ended",
        Code::Superseded => "a later licence has replaced it",
        Code::Withdrawn => "the vendor has withdrawn it",
        Code::Removed => "it was removed from this device on purpose",
        Code::SourceUnreachable => "the source cannot be reached",
        Code::SourceRefused => "the source does not hand it out",
        Code::SourceTooLarge => "the source sends too much",
        Code::StoreUnwritable => "the licence partition cannot be written",
        Code::StoreFull => "the licence partition is full",
        Code::NotAuthorized => "you are not allowed to do this",
        Code::Busy => "licd is busy; try again",
        Code::Timeout => "licd does not answer",
    }
}

pub(crate) fn german(code: Code) -> &'static str {
    match code {
        Code::Valid => "sie ist gültig",
        Code::Pending => "sie beginnt später",
        Code::Malformed => "die Datei ist keine Lizenz",
        Code::Unsupported => "sie braucht ein neueres System",
        Code::TooLarge => "die Datei ist zu groß",
        Code::BadSignature => "ihre Signatur ist falsch",
        Code::UnknownKey => "ihr Unterzeichner ist nicht bekannt",
        Code::UntrustedProduct => "ihr Unterzeichner darf dieses Produkt nicht unterzeichnen",
        Code::WrongDevice => "sie ist für ein anderes Gerät",
        Code::Expired => "sie ist abgelaufen",
        Code::Superseded => "eine spätere Lizenz hat sie ersetzt",
        Code::Withdrawn => "der Hersteller hat sie zurückgezogen",
        Code::Removed => "sie wurde absichtlich von diesem Gerät entfernt",
        Code::SourceUnreachable => "die Quelle ist nicht erreichbar",
        Code::SourceRefused => "die Quelle gibt sie nicht heraus",
        Code::SourceTooLarge => "die Quelle sendet zu viel",
        Code::StoreUnwritable => "die Lizenzpartition ist nicht beschreibbar",
        Code::StoreFull => "die Lizenzpartition ist voll",
        Code::NotAuthorized => "Sie sind dazu nicht berechtigt",
        Code::Busy => "licd ist beschäftigt; bitte noch einmal versuchen",
        Code::Timeout => "licd antwortet nicht",
    }
}
