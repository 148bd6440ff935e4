/// Expected failures as values: `Result<T>` holds a T or an `Error`. Nothing here throws.
///
/// Wants C++23: `Result` is a `std::expected`.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cordyna {

/// What a program can branch on.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,  ///< the user's input is wrong: usage, a flow, a value
  kNotFound,         ///< the named thing does not exist
  kConflict,         ///< the thing is not in a state that allows this, or somebody else was first
  kUnavailable,      ///< a program, server, or the disk refuses now; trying later may help
  kNoSpace,          ///< the disk is full, and nothing was written; the same may be tried again
  kCorrupt,          ///< stored data cannot be read: damaged, or of a newer version
  kDenied,           ///< somebody else's rules forbid it to us
  kUntrusted,        ///< who answers, or what came, is not who or what it should be
  kCancelled,        ///< ended because somebody asked for it
  kInternal,         ///< a bug of ours
};

/// "invalid_argument"
[[nodiscard]] constexpr std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kNoSpace: return "no_space";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kDenied: return "denied";
    case ErrorCode::kUntrusted: return "untrusted";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

class ErrorDetail;  // errors.hpp

/// A code for programs, a message for people. The message names the thing and the cause; each
/// layer adds its context once, in front.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::shared_ptr<const ErrorDetail> detail{};  ///< as a type, where there is more (errors.hpp)
};

/// Derived, not aliased, so that dropping one warns also with libstdc++ 12.
template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

/// The error with `context` in front of its message: "context: message".
[[nodiscard]] inline std::unexpected<Error> fail(std::string_view context, Error error) {
  error.message.insert(0, ": ");
  error.message.insert(0, context);
  return std::unexpected<Error>(std::move(error));
}

}  // namespace cordyna
