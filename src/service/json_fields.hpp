/// Members of a JSON object that are left out where there is nothing to say.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"

namespace cordyna {

/// Appends `,"key":"text"`; nothing for an empty text.
void append_text(std::string& out, std::string_view key, std::string_view text);

/// Appends `,"key":"2026-01-31T…Z"`; nothing for 0, which stands for never.
void append_time(std::string& out, std::string_view key, Millis at);

}  // namespace cordyna
