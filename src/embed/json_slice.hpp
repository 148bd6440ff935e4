/// JSON read with Boost.JSON, and pieces of it taken as they are written.
///
/// A number that goes through a JSON library may come out as another one; what users give as data
/// goes through as text. Pure. Threads: any.
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::embed {

/// Errors: kInvalidArgument: "what: no JSON at byte 12: …"; it is nested more than 100 deep.
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view what, std::string_view text);

/// The value of the last member of this name of `object`, which is a JSON object, without white
/// space around it. Empty: it has none. Names with escapes in them are not found.
[[nodiscard]] std::string_view member_text(std::string_view object, std::string_view name);

}  // namespace cordyna::embed
