/// What a plugin says of itself: the `server.ready` that it begins with.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/plugin.hpp"
#include "protocol/envelope.hpp"

namespace cordyna::plugin {

/// The declaration of `type` among the tasks of a `server.ready`. Errors: kInvalidArgument: it is
/// not among them, is wrong, with all places, or has what only a task server can have.
[[nodiscard]] Result<PluginType> declared_type(const protocol::Message& ready,
                                               std::string_view type);

/// One line of a plugin's standard output as a message. Errors: kInvalidArgument: what is wrong
/// with it.
struct Heard {
  protocol::Message message;
  std::string unknown;  ///< not empty: nobody here knows its type, and it is no error
};
[[nodiscard]] Result<Heard> hear(std::string_view line);

}  // namespace cordyna::plugin
