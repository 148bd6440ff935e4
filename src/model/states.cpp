#include "model/states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "model/value_names.hpp"

namespace cordyna {
namespace {

template <class State>
struct Edge {
  State from;
  State to;
};

using R = RunState;
using T = TaskState;
using A = AttemptState;

constexpr std::array kRunNames{std::string_view("pending"),  std::string_view("running"),
                               std::string_view("paused"),   std::string_view("completed"),
                               std::string_view("warning"),  std::string_view("error"),
                               std::string_view("cancelled")};

constexpr std::array kTaskNames{std::string_view("pending"), std::string_view("queued"),
                                std::string_view("started"), std::string_view("completed"),
                                std::string_view("error"),   std::string_view("skipped"),
                                std::string_view("blocked"), std::string_view("cancelled")};

constexpr std::array kAttemptNames{std::string_view("created"),      std::string_view("dispatched"),
                                   std::string_view("acknowledged"), std::string_view("started"),
                                   std::string_view("completed"),    std::string_view("failed"),
                                   std::string_view("cancelled")};

constexpr std::array kHoldNames{std::string_view("held"), std::string_view("approved"),
                                std::string_view("rejected")};

constexpr std::array kVerdictNames{std::string_view("ok"), std::string_view("warn"),
                                   std::string_view("trip"), std::string_view("approved"),
                                   std::string_view("level")};

// A run may end from any live state: one whose tasks need nobody ends in the step that begins it.
constexpr Edge<R> kRunEdges[] = {
    {R::kPending, R::kRunning},   {R::kPending, R::kCancelled}, {R::kPending, R::kCompleted},
    {R::kPending, R::kWarning},   {R::kPending, R::kError},     {R::kRunning, R::kPaused},
    {R::kRunning, R::kCompleted}, {R::kRunning, R::kWarning},   {R::kRunning, R::kError},
    {R::kRunning, R::kCancelled}, {R::kPaused, R::kRunning},    {R::kPaused, R::kError},
    {R::kPaused, R::kCancelled},
};

// Back to pending: between attempts. A later state implies the earlier ones, so steps may be passed
// over.
constexpr Edge<T> kTaskEdges[] = {
    {T::kPending, T::kQueued},    {T::kPending, T::kStarted},   {T::kPending, T::kCompleted},
    {T::kPending, T::kError},     {T::kPending, T::kSkipped},   {T::kPending, T::kBlocked},
    {T::kPending, T::kCancelled}, {T::kQueued, T::kPending},    {T::kQueued, T::kStarted},
    {T::kQueued, T::kCompleted},  {T::kQueued, T::kError},      {T::kQueued, T::kCancelled},
    {T::kStarted, T::kPending},   {T::kStarted, T::kCompleted}, {T::kStarted, T::kError},
    {T::kStarted, T::kCancelled},
};

// Messages may arrive out of order or not at all: a later state implies the earlier ones. Back to
// created: who it was handed to does not take it.
constexpr Edge<A> kAttemptEdges[] = {
    {A::kCreated, A::kDispatched},   {A::kCreated, A::kCompleted},
    {A::kCreated, A::kFailed},       {A::kCreated, A::kCancelled},
    {A::kDispatched, A::kCreated},   {A::kDispatched, A::kAcknowledged},
    {A::kDispatched, A::kStarted},   {A::kDispatched, A::kCompleted},
    {A::kDispatched, A::kFailed},    {A::kDispatched, A::kCancelled},
    {A::kAcknowledged, A::kStarted}, {A::kAcknowledged, A::kCompleted},
    {A::kAcknowledged, A::kFailed},  {A::kAcknowledged, A::kCancelled},
    {A::kStarted, A::kCompleted},    {A::kStarted, A::kFailed},
    {A::kStarted, A::kCancelled},
};

template <class State>
bool has_edge(std::span<const Edge<State>> edges, State from, State to) {
  return std::ranges::any_of(edges,
                             [&](const Edge<State>& e) { return e.from == from && e.to == to; });
}

template <class State>
bool has_exit(std::span<const Edge<State>> edges, State from) {
  return std::ranges::any_of(edges, [&](const Edge<State>& e) { return e.from == from; });
}

template <class State, std::size_t N>
void write_graph(std::string& page, std::string_view title, std::span<const Edge<State>> edges,
                 const std::array<std::string_view, N>& names) {
  const auto out = std::back_inserter(page);
  fmt::format_to(out, "## {}\n\n```mermaid\nstateDiagram-v2\n  [*] --> {}\n", title, names.front());
  for (const Edge<State>& e : edges) {
    fmt::format_to(out, "  {} --> {}\n", names[static_cast<std::size_t>(e.from)],
                   names[static_cast<std::size_t>(e.to)]);
  }
  for (std::size_t i = 0; i < N; ++i) {
    if (!has_exit(edges, static_cast<State>(i))) fmt::format_to(out, "  {} --> [*]\n", names[i]);
  }
  page += "```\n\n";
}

}  // namespace

std::string_view to_string(RunState state) {
  return kRunNames[static_cast<std::size_t>(state)];
}
std::string_view to_string(TaskState state) {
  return kTaskNames[static_cast<std::size_t>(state)];
}
std::string_view to_string(AttemptState state) {
  return kAttemptNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(HoldState state) {
  return kHoldNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(PointVerdict verdict) {
  return kVerdictNames[static_cast<std::size_t>(verdict)];
}

std::optional<RunState> parse_run_state(std::string_view text) {
  return value_named<RunState>(kRunNames, text);
}
std::optional<TaskState> parse_task_state(std::string_view text) {
  return value_named<TaskState>(kTaskNames, text);
}
std::optional<AttemptState> parse_attempt_state(std::string_view text) {
  return value_named<AttemptState>(kAttemptNames, text);
}

std::optional<PointVerdict> parse_point_verdict(std::string_view text) {
  return value_named<PointVerdict>(kVerdictNames, text);
}

std::optional<HoldState> parse_hold_state(std::string_view text) {
  return value_named<HoldState>(kHoldNames, text);
}

bool can_follow(RunState from, RunState to) {
  return has_edge<R>(kRunEdges, from, to);
}
bool can_follow(TaskState from, TaskState to) {
  return has_edge<T>(kTaskEdges, from, to);
}
bool can_follow(AttemptState from, AttemptState to) {
  return has_edge<A>(kAttemptEdges, from, to);
}

bool is_final(RunState state) {
  return !has_exit<R>(kRunEdges, state);
}
bool rests(RunState state) {
  return is_final(state) || state == RunState::kPaused;
}
bool is_final(TaskState state) {
  return !has_exit<T>(kTaskEdges, state);
}
bool is_final(AttemptState state) {
  return !has_exit<A>(kAttemptEdges, state);
}

std::string states_as_markdown() {
  std::string page =
      "# States\n\nGenerated from `src/model/states.cpp` by `dyna schema --states`.\n\n";
  write_graph<R>(page, "Run", kRunEdges, kRunNames);
  write_graph<T>(page, "Task", kTaskEdges, kTaskNames);
  write_graph<A>(page, "Attempt", kAttemptEdges, kAttemptNames);
  return page;
}

}  // namespace cordyna
