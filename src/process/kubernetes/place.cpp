#include "process/kubernetes/place.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/check.hpp"
#include "process/kubernetes/steady.hpp"

namespace cordyna::kubernetes {
namespace {

constexpr Millis kDelayFirst = 50;
constexpr Millis kDelayMost = 5'000;

}  // namespace

PlaceWatch::PlaceWatch(Credentials& credentials, std::string ns, std::string owner,
                       PlaceSinks sinks)
    : credentials_(credentials),
      ns_(std::move(ns)),
      selector_(fmt::format("{}={}", kOwnerLabel, owner)),
      sinks_(std::move(sinks)),
      end_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(end_fd_ >= 0);
  jobs_ = std::thread([this] { watch_jobs(); });
  pods_ = std::thread([this] { watch_pods(); });
}

PlaceWatch::~PlaceWatch() {
  (void)::eventfd_write(end_fd_, 1);
  jobs_.join();
  pods_.join();
  ::close(end_fd_);
}

/// False: it is to end.
bool PlaceWatch::pause(Millis delay) const {
  pollfd end{end_fd_, POLLIN, 0};
  return ::poll(&end, 1, static_cast<int>(delay)) <= 0;
}

template <class Listed, class Changed>
void PlaceWatch::watch(const Which& which, const Listed& list, const Changed& change) {
  Api api(credentials_, end_fd_);
  std::string version;
  Millis delay = kDelayFirst;
  bool in_trouble = false;
  while (pause(0)) {
    Answered<> done;
    if (version.empty()) {
      auto listed = list(api);
      if (listed.has_value())
        version = *std::move(listed);
      else
        done = std::unexpected(std::move(listed.error()));
    }
    if (done.has_value()) {
      if (std::exchange(in_trouble, false)) sinks_.trouble({});
      const std::string before = version;
      done = api.watch(which, version, change);
      // One that brought news was one: a cut after it is the first.
      if (version != before) delay = kDelayFirst;
    }
    if (done.has_value()) continue;
    if (done.error().fault == Fault::kCancelled) return;
    if (!done.error().passes() || done.error().fault == Fault::kGone) version.clear();
    if (done.error().fault != Fault::kGone && delay >= kDelayMost &&
        !std::exchange(in_trouble, true)) {
      sinks_.trouble(done.error().message);
    }
    if (!pause(std::max(delay, std::min(done.error().retry_after, kDelayMost)))) return;
    delay = std::min(2 * delay, kDelayMost);
  }
}

void PlaceWatch::watch_jobs() {
  const Which which = jobs_of(ns_, selector_);
  const auto list = [&](Api& api) {
    const Millis began = steady_ms();
    std::set<std::string> uids;
    auto version = api.list(which, [&](const boost::json::value& object) {
      const JobState job = parse_job(object);
      uids.insert(job.uid);
      sinks_.job(job, false);
    });
    if (version.has_value()) sinks_.jobs_listed(uids, began);
    return version;
  };
  watch(which, list, [this](std::string_view type, const boost::json::value& object) {
    sinks_.job(parse_job(object), type == "DELETED");
  });
}

void PlaceWatch::watch_pods() {
  const Which which = pods_of(ns_, selector_);
  const auto list = [&](Api& api) {
    std::set<std::string> uids;
    auto version = api.list(which, [&](const boost::json::value& object) {
      const PodState pod = parse_pod(object);
      uids.insert(pod.uid);
      sinks_.pod(pod);
    });
    if (version.has_value()) sinks_.pods_listed(uids);
    return version;
  };
  watch(which, list, [this](std::string_view type, const boost::json::value& object) {
    PodState pod = parse_pod(object);
    pod.gone = type == "DELETED";
    sinks_.pod(pod);
  });
}

}  // namespace cordyna::kubernetes
