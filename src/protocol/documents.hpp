/// What is published of the protocol, made of the table of messages.
///
/// Pure. Threads: any.
#pragma once

#include <string>

namespace cordyna::protocol {

/// JSON Schema (2020-12) of a message, whatever its type, with those of all data in `$defs`.
[[nodiscard]] std::string protocol_schema();
/// AsyncAPI 3.0.
[[nodiscard]] std::string asyncapi_document();
/// The messages and their fields as a page.
[[nodiscard]] std::string protocol_reference();

}  // namespace cordyna::protocol
