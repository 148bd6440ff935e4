#include "engine/retry.hpp"

#include <algorithm>
#include <string>

#include "base/hash.hpp"

namespace cordyna::engine {
namespace {

// Far beyond any sensible delay, and far from the end of the type.
constexpr Millis kDelayMax = Millis{366} * 86'400'000;

// A hash with a final mix: spreads retries of many tasks, needs no state.
std::uint64_t draw(std::string_view seed, std::uint32_t attempt) {
  std::uint64_t hash = (fnv1a(seed) ^ attempt) * kFnvPrime;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  return hash;
}

Millis base_delay(const Retry& retry, std::uint32_t attempt, std::uint64_t random) {
  Millis delay = std::min(retry.delay, kDelayMax);
  switch (retry.backoff) {
    case Backoff::kConstant: break;
    case Backoff::kExponential:
      for (std::uint32_t i = 1; i < attempt && delay < kDelayMax; ++i) delay *= 2;
      break;
    case Backoff::kRandom: {
      const Millis high = retry.max_delay > 0 ? retry.max_delay : delay * 3;
      if (high > delay) {
        delay += static_cast<Millis>(random % static_cast<std::uint64_t>(high - delay + 1));
      }
      break;
    }
  }
  delay = std::min(delay, kDelayMax);
  return retry.max_delay > 0 ? std::min(delay, retry.max_delay) : delay;
}

}  // namespace

bool should_retry(const Retry& retry, std::uint32_t attempt, const TaskError& error) {
  if (attempt >= retry.attempts) return false;
  if (error.code == TaskErrorCode::kTimeoutTotal)
    return false;  // the time for retries is used up too
  if (retry.on.empty()) return error.retryable;
  const TaskErrorInfo& row = info(error.code);
  return std::ranges::any_of(retry.on, [&](const std::string& word) {
    return word == to_string(row.kind) || word == row.name ||
           (error.exit_code >= 0 && word == std::to_string(error.exit_code));
  });
}

Millis retry_delay(const Retry& retry, std::uint32_t attempt, std::string_view seed) {
  const std::uint64_t random = draw(seed, attempt);
  Millis delay = base_delay(retry, attempt, random);
  if (retry.jitter && delay > 1) {
    delay += static_cast<Millis>((random >> 17) % static_cast<std::uint64_t>(delay / 2 + 1));
  }
  return retry.max_delay > 0 ? std::min(delay, retry.max_delay) : delay;
}

}  // namespace cordyna::engine
