/// The request of a poll, and how a cursor goes with it.
///
/// Pure. Threads: any.
#pragma once

#include "base/result.hpp"
#include "cordyna/poll.hpp"
#include "http/message.hpp"
#include "input/poll/cursor.hpp"

namespace cordyna::input {

/// Without a cursor. Errors: kInvalidArgument, naming the option.
[[nodiscard]] Result<http::Request> poll_request(const HttpPoll& options);

/// Errors: kInvalidArgument: the value cannot be a header's.
[[nodiscard]] Result<> put_value(http::Request& request, const PollSend& send,
                                 const PollCursor& value);

}  // namespace cordyna::input
