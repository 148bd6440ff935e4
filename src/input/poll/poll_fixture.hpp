/// An input that polls into a sink that keeps, and what it told.
#pragma once

#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "cordyna/poll.hpp"
#include "input/kept_sink_fixture.hpp"

namespace cordyna::input {

/// "id" of each event that is kept, with its data where `data`.
inline std::vector<std::string> told_of(const Kept& kept, bool data = false) {
  std::vector<std::string> all;
  all.reserve(kept.events.size());
  for (const Event& event : kept.events) {
    all.push_back(data ? event.id + " " + event.data : event.id);
  }
  return all;
}

/// Polls until so many calls of the sink were made, or the input ends by itself; what it ended
/// with.
inline Result<> poll_until(Input& input, KeptSink& sink, int sends) {
  Result<> ended;
  std::stop_source stop;
  std::jthread thread([&] {
    ended = input.handle(stop.get_token(), sink);
    sink.fails("ended");
  });
  sink.wait([&] { return sink.sends() >= sends || sink.state() == "ended"; });
  stop.request_stop();
  thread.join();
  return ended;
}

}  // namespace cordyna::input
