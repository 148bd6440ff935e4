/// Tasks of type `notify`: what their process gets to know, and how they are made ready to run.
///
/// Threads: any, while nobody changes the environment.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/incident.hpp"
#include "base/result.hpp"
#include "model/alert.hpp"
#include "ports/launch.hpp"
#include "ports/secrets.hpp"

namespace cordyna::alert {

inline constexpr const char* kNotifyFile = "notify.json";
inline constexpr const char* kNotifySecrets = "DYNA_NOTIFY_SECRETS";  ///< JSON: NotifySecrets

struct NotifyTask {
  std::string teams_file;  ///< an absolute path
  std::string id;          ///< of the message: the same for all attempts of the task in its run
  std::vector<std::string> channels;
  Note note;
};

struct NotifySecrets {
  std::map<std::string, std::string, std::less<>> values;  ///< those that the channels name
  Note note;                       ///< where it holds a secret: title and text
  std::vector<std::string> masks;  ///< every secret by itself
};

[[nodiscard]] std::string to_json(const NotifyTask& task);
/// Errors: kCorrupt.
[[nodiscard]] Result<NotifyTask> parse_notify(std::string_view text);
[[nodiscard]] std::string to_json(const NotifySecrets& secrets);
/// "" gives none. Errors: kCorrupt.
[[nodiscard]] Result<NotifySecrets> parse_notify_secrets(std::string_view text);

/// The teams.yaml of a flow's folder.
struct TeamsOf {
  std::string file;
  AlertPlan plan;
};
/// Errors: as `flow::load_teams`.
using ReadTeams = std::function<Result<TeamsOf>(const std::string& folder)>;

/// Renders a task's keys, finds its channels, and makes of it the command `dyna notify-step FILE`.
/// Secrets go along in the environment.
class NotifyPreparer final : public Preparer {
 public:
  /// `dyna`: the absolute path of this program. Borrows the secrets.
  NotifyPreparer(std::string dyna, const Secrets& secrets, ReadTeams read)
      : dyna_(std::move(dyna)), secrets_(secrets), read_(std::move(read)) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  std::string dyna_;
  const Secrets& secrets_;
  ReadTeams read_;
};

}  // namespace cordyna::alert
