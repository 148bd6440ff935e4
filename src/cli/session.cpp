#include "cli/session.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/limits.hpp"
#include "cli/ownership.hpp"

namespace cordyna::cli {
namespace {

constexpr int kRetryEvery = 20;  // milliseconds between tries to become owner or reach the owner
constexpr int kRetriesMax = 500;

int rank(ExitCode code) {
  switch (code) {
    case ExitCode::kOk: return 0;
    case ExitCode::kHeld: return 1;
    case ExitCode::kCancelled: return 2;
    default: return 3;
  }
}

bool begins(OwnerOp op) {
  return op == OwnerOp::kSubmit || op == OwnerOp::kRerun;
}

/// It is saved: should the owner go, the run is only taken up again.
void said(OwnerRequest& request) {
  if (request.op != OwnerOp::kCancel) request.op = OwnerOp::kResume;
}

}  // namespace

Session::Session(const Parts& parts, StateLayout layout, SessionSettings settings, Signals& signals,
                 Output& output, std::unique_ptr<Renderer> renderer)
    : parts_(parts),
      layout_(std::move(layout)),
      settings_(std::move(settings)),
      signals_(signals),
      view_({layout_, parts.open_reader, *parts.clock, output}, std::move(renderer)) {}

Session::~Session() = default;

Result<ExitCode> Session::drive(std::vector<Work> work) {
  for (Work& one : work) {
    one.request.after = one.after;
    items_.push_back({std::move(one), 0, false, false, nullptr});
  }
  for (int tries = 0;; ++tries) {
    owner_goes_on_ = false;
    auto next = attempt();
    if (!next.has_value()) {
      view_.finish({});
      return std::unexpected<Error>(next.error());
    }
    if (*next == Next::kEnded) break;
    if (*next == Next::kLeave) {
      view_.finish({});
      say_left();
      return ExitCode::kCancelled;
    }
    if (tries >= kRetriesMax) {
      view_.finish({});
      return fail(ErrorCode::kConflict,
                  fmt::format("state folder {} has an owner that does not listen on its socket; "
                              "try again, or end that process",
                              layout_.folder()));
    }
    pollfd signal{signals_.fd(), POLLIN, 0};
    ::poll(&signal, 1, kRetryEvery);
    if (interrupted(nullptr)) {
      view_.finish({});
      say_left();
      return ExitCode::kCancelled;
    }
  }
  TRY_ASSIGN(const std::vector<RunSummary> ends, summaries());
  view_.finish(ends);
  return worst();
}

Result<Session::Next> Session::attempt() {
  auto store = parts_.open_store(layout_, [this] {
    for (const Item& item : items_) {
      if (item.work.flow != nullptr) parts_.expect(layout_, *item.work.flow);
    }
  });
  if (store.has_value()) return own(std::move(*store));
  if (store.error().code != ErrorCode::kConflict) {
    return std::unexpected<Error>(store.error());
  }
  return attend();
}

void Session::show(Item& item, bool whole) {
  view_.begin({item.no, item.work.request.run, item.work.flow}, whole, item.work.after);
}

// ---- as the owner

Result<Session::Next> Session::own(std::unique_ptr<Store> store) {
  const auto& flow = items_.front().work.flow;
  TRY_ASSIGN(engine::Limits limits,
             limits_for(settings_.slots, flow != nullptr ? flow->folder : folder_of(layout_)));
  OwnerSettings settings{std::move(limits), layout_};
  Ownership ownership(parts_, std::move(settings), std::move(store), flows_, view_);
  for (const Item& item : items_) {
    ownership.expect(item.work.request.run, item.work.flow, item.work.after);
  }
  TRY(ownership.start());
  for (Item& item : items_) {
    if (item.ended != nullptr) continue;
    TRY(hand_in(item, ownership));
  }
  TRY_ASSIGN(const bool ended, wait_as_owner(ownership));
  if (!ended) return Next::kLeave;
  return Next::kEnded;
}

Result<> Session::hand_in(Item& item, Ownership& ownership) {
  OwnerRequest& request = item.work.request;
  auto answer = request.op == OwnerOp::kSubmit
                    ? ownership.submit({.id = request.run,
                                        .flow = item.work.flow,
                                        .canonical = std::move(request.canonical),
                                        .inputs = request.inputs,
                                        .no_cache = request.no_cache})
                    : ownership.handle(request);
  if (!answer.has_value()) return refused(item, answer.error());
  item.no = *answer;
  item.accepted = true;
  // A new run shows itself as it goes; one that an owner had before has a history.
  const bool is_new = begins(request.op) && !item.asked;
  said(request);
  show(item, !is_new);
  if (is_new) return {};
  return note_end(item);
}

/// A run that cannot be taken up because it has ended is done, if it was ours or is to be
/// cancelled.
Result<> Session::refused(Item& item, const Error& error) {
  if (error.code != ErrorCode::kConflict) return std::unexpected<Error>(error);
  auto noted = note_end(item);
  if (!noted.has_value() || item.ended == nullptr) return std::unexpected<Error>(error);
  show(item, true);
  return {};
}

/// Looks in the store whether the run has come to rest.
Result<> Session::note_end(Item& item) {
  TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, parts_.open_reader(layout_));
  TRY_ASSIGN(RunRow row, reader->find_run(item.work.request.run));
  item.no = row.no;
  if (rests(row.state)) item.ended = std::make_unique<RunRow>(std::move(row));
  return {};
}

/// True: all have ended; false: somebody wants us to go.
Result<bool> Session::wait_as_owner(Ownership& ownership) {
  for (;;) {
    for (RunRow& row : ownership.take_ended()) {
      for (Item& item : items_) {
        if (item.work.request.run != row.id) continue;
        item.ended = rests(row.state) ? std::make_unique<RunRow>(row) : nullptr;
      }
    }
    const std::size_t below = ownership.begun_below();
    if (all_ended() && below == 0) return true;
    if (all_ended() && !std::exchange(said_below_, true)) {
      view_.note(fmt::format("waiting for {} run{} begun by it (Ctrl-C leaves {})", below,
                             below == 1 ? "" : "s", below == 1 ? "it" : "them"));
    }
    auto stopped = ownership.stopped();
    if (!stopped.has_value()) return stopped_at(std::move(stopped.error()));
    std::array<pollfd, 2> fds{pollfd{signals_.fd(), POLLIN, 0}, pollfd{ownership.fd(), POLLIN, 0}};
    ::poll(fds.data(), fds.size(), -1);
    if (interrupted(&ownership)) return false;
  }
}

/// Why cerebro stopped, and how to go on afterwards.
std::unexpected<Error> Session::stopped_at(Error error) const {
  for (const Item& item : items_) {
    if (item.ended != nullptr || item.no == 0) continue;
    error.message +=
        fmt::format("; run {} is as it was saved, to take it up again: dyna resume {}{}", item.no,
                    item.no, settings_.state_option);
  }
  return std::unexpected<Error>(std::move(error));
}

bool Session::all_ended() const {
  return std::ranges::all_of(items_, [](const Item& item) { return item.ended != nullptr; });
}

/// True: we are to go. The first Ctrl-C cancels what runs.
bool Session::interrupted(Ownership* ownership) {
  for (auto signal = signals_.next(); signal.has_value(); signal = signals_.next()) {
    switch (*signal) {
      case Signal::kResized: view_.resized(); break;
      case Signal::kReload:
      case Signal::kLeave: return true;
      case Signal::kInterrupt:
        if (++interrupts_ > 1 || all_ended()) return true;
        view_.note("cancelling… (Ctrl-C again leaves running tasks to their guardians)");
        if (ownership == nullptr) {
          cancel_through_owner();
          break;
        }
        for (const Item& item : items_) {
          if (item.ended == nullptr) ownership->cancel_soon(item.work.request.run);
        }
        break;
    }
  }
  return false;
}

// ---- as a client of the owner

void Session::cancel_through_owner() {
  for (Item& item : items_) {
    if (item.ended != nullptr) continue;
    // Also for the case that the owner goes before it hears of this.
    if (item.accepted) item.work.request.op = OwnerOp::kCancel;
    auto client = OwnerClient::connect(layout_);
    if (!client.has_value()) continue;
    OwnerRequest request;
    request.op = OwnerOp::kCancel;
    request.run = item.work.request.run;
    request.follow = false;
    const auto answer = client->request(request);
    if (!answer.has_value()) view_.note("cancel: " + answer.error().message);
  }
}

/// What a client has brought. False: its owner has gone.
Result<bool> Session::take(Item& item, OwnerClient& client) {
  auto updates = client.read();
  if (!updates.has_value()) return false;
  const bool ended = std::ranges::any_of(*updates, rests_run);
  if (!updates->empty()) item.work.request.after = updates->back().seq;
  view_.give(std::move(*updates));
  if (ended) TRY(note_end(item));
  return true;
}

/// Hands the runs in. Empty: the owner has gone meanwhile, or does not listen yet.
Result<std::vector<Session::Attended>> Session::ask_owner() {
  std::vector<Attended> clients;
  for (Item& item : items_) {
    if (item.ended != nullptr) continue;
    auto client = OwnerClient::connect(layout_);
    if (!client.has_value()) return std::vector<Attended>();
    item.asked = true;
    auto answer = client->request(item.work.request);
    if (!answer.has_value()) {
      if (answer.error().code == ErrorCode::kUnavailable) return std::vector<Attended>();
      TRY(refused(item, answer.error()));
      continue;
    }
    item.no = *answer;
    item.accepted = true;
    if (!begins(item.work.request.op)) said(item.work.request);
    show(item, false);
    clients.push_back({&item, std::move(*client)});
  }
  return clients;
}

Result<Session::Next> Session::attend() {
  TRY_ASSIGN(std::vector<Attended> clients, ask_owner());
  owner_goes_on_ = !clients.empty();
  std::vector<pollfd> fds;
  while (!all_ended()) {
    if (clients.empty()) return Next::kTryAgain;
    for (auto& [item, client] : clients) {
      if (item->ended != nullptr) continue;
      TRY_ASSIGN(const bool alive, take(*item, client));
      owner_goes_on_ = alive;
      if (!alive) return Next::kTryAgain;
    }
    if (all_ended()) break;
    fds.assign(1, {signals_.fd(), POLLIN, 0});
    for (const auto& [item, client] : clients) {
      fds.push_back({item->ended != nullptr ? -1 : client.fd(), POLLIN, 0});
    }
    ::poll(fds.data(), fds.size(), -1);
    if (interrupted(nullptr)) return Next::kLeave;
  }
  return Next::kEnded;
}

// ---- the end

Result<std::vector<RunSummary>> Session::summaries() {
  std::vector<RunSummary> ends;
  std::unique_ptr<StoreReader> reader;
  for (const Item& item : items_) {
    const FollowedRun run{item.no, item.work.request.run, item.work.flow};
    if (item.ended->state == RunState::kCompleted && !wants_rows(run)) {
      ends.push_back({*item.ended, {}, 0, {}});
      continue;
    }
    if (reader == nullptr) {
      TRY_ASSIGN(reader, parts_.open_reader(layout_));
    }
    TRY_ASSIGN(RunSummary summary, load_summary(*reader, layout_, run));
    ends.push_back(std::move(summary));
  }
  return ends;
}

void Session::say_left() {
  for (const Item& item : items_) {
    if (item.ended != nullptr || item.no == 0) continue;
    if (owner_goes_on_) {
      print_hint(
          fmt::format("run {} goes on in the dyna that owns the state; "
                      "dyna logs {} -f{} follows it, dyna cancel {}{} ends it",
                      item.no, item.no, settings_.state_option, item.no, settings_.state_option));
    } else {
      print_hint(
          fmt::format("run {} is left; tasks that run go on under their guardians. "
                      "To take it up again: dyna resume {}{}",
                      item.no, item.no, settings_.state_option));
    }
  }
}

ExitCode Session::worst() const {
  ExitCode code = ExitCode::kOk;
  for (const Item& item : items_) {
    const ExitCode one = exit_code(item.ended->state);
    if (rank(one) > rank(code)) code = one;
  }
  return code;
}

}  // namespace cordyna::cli
