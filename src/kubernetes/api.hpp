/// The API of a cluster: the calls that running a Job takes, each of which may be repeated.
///
/// Blocking, over a connection that stays. Nothing is tried again here but what the cluster did not
/// take for an old token (401). Threads: one at a time.
#pragma once

#include <boost/json/fwd.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "http/client.hpp"
#include "kubernetes/credentials.hpp"

namespace cordyna::kubernetes {

/// Why a call failed.
enum class Fault : std::uint8_t {
  kAway,       ///< no answer: no connection, cut, too late
  kUntrusted,  ///< TLS does not trust who answers
  kNobody,     ///< we have no credentials: the plugin, the token's file
  kUnknown,    ///< 401: the cluster does not know us
  kForbidden,  ///< 403
  kNotFound,   ///< 404
  kConflict,   ///< 409: it is there already, or is another one than was meant
  kGone,       ///< 410: from so long ago the cluster tells nothing any more
  kInvalid,    ///< 422, 400, 413: what was sent is not right
  kBusy,       ///< 429: too many requests
  kBroken,     ///< 5xx, or an answer that makes no sense
  kCancelled,
};
struct ApiError {
  Fault fault = Fault::kAway;
  std::string message;      ///< with the cluster's own words
  Millis retry_after = -1;  ///< what the cluster asks for; -1: nothing

  /// Whether the same call may do later.
  [[nodiscard]] bool passes() const {
    return fault == Fault::kAway || fault == Fault::kBusy || fault == Fault::kBroken;
  }
};
template <class T = void>
using Answered = std::expected<T, ApiError>;

/// Which objects: "/apis/batch/v1" and "jobs", of a namespace, with these labels.
struct Which {
  std::string group;  ///< "/api/v1"
  std::string kind;   ///< plural: "pods"
  std::string ns;
  std::string selector;  ///< "name=value"; empty: all
};

[[nodiscard]] Which jobs_of(std::string ns, std::string selector = {});
[[nodiscard]] Which pods_of(std::string ns, std::string selector = {});
[[nodiscard]] Which secrets_of(std::string ns);

/// What becomes of what an object owns when it is deleted.
enum class Owned : std::uint8_t {
  kLater,  ///< it goes after it
  kFirst,  ///< it goes before it, which stays until then
};

/// One change: "ADDED", "MODIFIED", "DELETED", and the object.
using ChangeSink = std::function<void(std::string_view type, const boost::json::value& object)>;
using ObjectSink = std::function<void(const boost::json::value& object)>;

class Api {
 public:
  /// `cancel_fd` readable: calls end with kCancelled; -1: none does. Borrows the credentials.
  explicit Api(Credentials& credentials, int cancel_fd = -1);

  void cancel_by(int fd);

  /// JSON of the object. The body's own name is its name. kConflict: one of that name is there.
  [[nodiscard]] Answered<std::string> create(const Which& which, std::string_view object);
  [[nodiscard]] Answered<std::string> get(const Which& which, const std::string& name);
  /// A merge patch.
  [[nodiscard]] Answered<std::string> patch(const Which& which, const std::string& name,
                                            std::string_view change);
  /// Only the one with this `uid`, where there is one; one that is not there is no error. `grace`
  /// seconds; -1: its own.
  [[nodiscard]] Answered<> remove(const Which& which, const std::string& name,
                                  const std::string& uid, Owned owned, int grace = -1);
  /// Each object, in pages. The version from which a watch goes on.
  [[nodiscard]] Answered<std::string> list(const Which& which, const ObjectSink& object);
  /// Changes from `version` on, which moves along, until the cluster ends it in order, as it does
  /// after some minutes. kGone: a new list is needed.
  [[nodiscard]] Answered<> watch(const Which& which, std::string& version, const ChangeSink& sink);
  /// The output of a container from this second on (RFC 3339; empty: all), each line with its time
  /// in front. The sink's false ends it, which is no error.
  [[nodiscard]] Answered<> output(const std::string& ns, const std::string& pod,
                                  const std::string& container, const std::string& since,
                                  const std::function<bool(std::string_view)>& sink);

 private:
  struct Call;
  Answered<http::Response> send(const Call& call);
  Answered<http::Response> send_as(const Call& call, const Shown& shown);

  Credentials& credentials_;
  int cancel_fd_;
  http::Session session_;
  std::uint64_t shown_ = 0;  ///< the number of what the open connection showed
};

}  // namespace cordyna::kubernetes
