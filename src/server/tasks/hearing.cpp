#include "server/tasks/hearing.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cordyna::server {
namespace {

/// Messages that are looked at before others are: less than two milliseconds.
constexpr std::size_t kPiece = 50;
/// Of a second: what one may say at once after a silence. More of it would be a second in which
/// others are slower, each time that one begins.
constexpr double kBurst = 0.1;

}  // namespace

Millis Hearing::free_at(const Caller& caller, Millis now) const {
  if (per_second_ == 0) return now;
  const double over = caller.bucket.level(now, per_second_) - per_second_ * kBurst;
  if (over < 0) return now;
  return now + 1 + static_cast<Millis>(std::ceil(over * 1000 / per_second_));
}

void Hearing::hear_one(Caller& caller, Millis now, const Listen& listen, const Close& close) {
  Said& said = caller.said.front();
  if (!said.text.has_value()) {
    close(said.link);
    caller.said.pop_front();
    return;
  }
  if (!caller.reader.has_value()) {
    caller.reader.emplace(*said.text, protocol::Direction::kToCerebro);
  }
  const auto piece = caller.reader->next(kPiece);
  // An empty list counts, too: it is read all the same.
  const auto count = static_cast<double>(std::max<std::size_t>(piece.size(), 1));
  if (per_second_ > 0) caller.bucket.add(now, per_second_, count);
  listen(said.link, piece);
  if (caller.reader->left() > 0) return;
  auto done = std::move(said.done);
  caller.reader.reset();
  caller.said.pop_front();
  if (done) done();
}

void Hearing::hear(Millis now, const Listen& listen, const Close& close) {
  for (auto of = callers_.begin(); of != callers_.end();) {
    Caller& caller = of->second;
    if (!caller.said.empty() && free_at(caller, now) <= now) hear_one(caller, now, listen, close);
    const bool forgotten = caller.said.empty() && caller.bucket.level(now, per_second_) == 0;
    of = forgotten ? callers_.erase(of) : std::next(of);
  }
}

std::optional<Millis> Hearing::next(Millis now) const {
  std::optional<Millis> at;
  for (const auto& [name, caller] : callers_) {
    if (caller.said.empty()) continue;
    const Millis free = free_at(caller, now);
    at = std::min(at.value_or(free), free);
  }
  return at;
}

std::vector<network::LinkNo> Hearing::waiting() const {
  std::vector<network::LinkNo> links;
  for (const auto& [name, caller] : callers_) {
    for (const Said& said : caller.said) {
      if (said.text.has_value()) links.push_back(said.link);
    }
  }
  return links;
}

}  // namespace cordyna::server
