/// Writing JSON text without a JSON library: for parts that only put known values together.
#pragma once

#include <string>
#include <string_view>

namespace cordyna {

/// Appends `text` as a JSON string with its quotes. Bytes that are not ASCII are kept as they are.
void append_json_string(std::string& out, std::string_view text);

/// `text` as a JSON string.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace cordyna
