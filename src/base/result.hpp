/// Expected failures as values: `Result<T>` holds a T or an `Error`.
///
/// Expected failure: `Result`. Bug: `CHECK` (check.hpp). Nothing of ours throws; exceptions of
/// libraries stop inside the adapter that called the library.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace cordyna {

/// What a program can branch on. Add a code only when a caller does. Each maps once to an exit
/// code.
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

/// A code for programs, a message for people. The message names the thing and the cause; each
/// layer adds its context once, in front.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

/// Derived, not aliased, so that dropping one warns also with libstdc++ 12.
template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

/// The error with `context` in front of its message: "context: message".
[[nodiscard]] inline std::unexpected<Error> fail(std::string_view context, Error error) {
  error.message.insert(0, ": ");
  error.message.insert(0, context);
  return std::unexpected<Error>(std::move(error));
}

[[nodiscard]] std::string_view to_string(ErrorCode code);

}  // namespace cordyna

#define CORDYNA_JOIN_(a, b) a##b
#define CORDYNA_JOIN(a, b) CORDYNA_JOIN_(a, b)

/// Returns the error of `expression` from the enclosing function, or goes on.
#define TRY(expression)                                                          \
  do {                                                                           \
    auto&& cordyna_try_ = (expression);                                          \
    if (!cordyna_try_.has_value()) {                                             \
      return std::unexpected<::cordyna::Error>(std::move(cordyna_try_.error())); \
    }                                                                            \
  } while (false)

/// `TRY_ASSIGN(const Flow flow, store.find(id));` returns the error, or declares `flow`.
#define TRY_ASSIGN(declaration, expression) \
  TRY_ASSIGN_(CORDYNA_JOIN(cordyna_result_, __LINE__), declaration, expression)
#define TRY_ASSIGN_(result, declaration, expression)                     \
  auto result = (expression);                                            \
  if (!result.has_value()) {                                             \
    return std::unexpected<::cordyna::Error>(std::move(result.error())); \
  }                                                                      \
  declaration = std::move(*result)
