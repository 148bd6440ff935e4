/// Expected failures as values: `Result<T>` holds a T or an `Error` (cordyna/result.hpp, which the
/// library's users see too), and TRY to hand errors on, which is ours alone.
///
/// Expected failure: `Result`. Bug: `CHECK` (check.hpp). Nothing of ours throws; exceptions of
/// libraries stop inside the adapter that called the library. Add a code only when a caller
/// branches on it; each maps once to an exit code.
#pragma once

#include <expected>
#include <utility>

#include "cordyna/result.hpp"

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
