#include "flow/git_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/durations.hpp"
#include "flow/git_keys.hpp"
#include "flow/project_folder.hpp"
#include "flow/text_file.hpp"
#include "flow/values.hpp"
#include "model/identity.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kGitBytesMax = std::size_t{1} << 20;
constexpr std::string_view kGitFileName = "git.yaml";
constexpr std::string_view kFilePrefix = "file://";
constexpr std::size_t kRefMax = 200;

std::string git_text(const Node& map, std::string_view key) {
  const Node* at = map.find(key);
  return at == nullptr ? std::string() : std::string(at->text);
}

/// What an address says of how it is reached.
enum class Way : std::uint8_t { kHttps, kHttp, kSsh, kFile };

struct Address {
  Way way = Way::kHttps;
  std::string user;
  std::string host;
};

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char one) { return one > ' ' && one < 0x7f; });
}

/// "user@host:22/path" behind its scheme. Nullopt: it is none.
std::optional<Address> place_of(std::string_view rest, Way way) {
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size()) {
    return std::nullopt;
  }
  Address address{.way = way};
  std::string_view host = rest.substr(0, slash);
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    address.user = host.substr(0, at);
    host.remove_prefix(at + 1);
  }
  if (const std::size_t colon = host.rfind(':');
      colon != std::string_view::npos && !host.ends_with(']')) {
    const std::string_view port = host.substr(colon + 1);
    if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos) {
      return std::nullopt;
    }
    host = host.substr(0, colon);
  }
  if (host.empty()) return std::nullopt;
  address.host = host;
  return address;
}

std::optional<Address> address_of(std::string_view url) {
  if (!is_printable_ascii(url)) return std::nullopt;
  const auto behind = [url](std::string_view scheme) { return url.substr(scheme.size()); };
  if (url.starts_with("https://")) return place_of(behind("https://"), Way::kHttps);
  if (url.starts_with("http://")) return place_of(behind("http://"), Way::kHttp);
  if (url.starts_with("ssh://")) return place_of(behind("ssh://"), Way::kSsh);
  if (url.starts_with(kFilePrefix)) {
    if (!behind(kFilePrefix).starts_with('/')) return std::nullopt;
    return Address{.way = Way::kFile};
  }
  // As scp writes it: git@host:path.
  const std::size_t at = url.find('@');
  const std::size_t colon = url.find(':', at == std::string_view::npos ? 0 : at);
  const bool scp = at != std::string_view::npos && at > 0 && colon != std::string_view::npos &&
                   colon > at + 1 && colon + 1 < url.size() &&
                   url.substr(0, colon).find('/') == std::string_view::npos;
  if (!scp) return std::nullopt;
  return Address{Way::kSsh, std::string(url.substr(0, at)),
                 std::string(url.substr(at + 1, colon - at - 1))};
}

/// As git has it for names of branches.
bool is_branch(std::string_view text) {
  constexpr std::string_view kNever = " ~^:?*[\\\x7f";
  const bool plain = std::ranges::none_of(text, [kNever](char one) {
    return static_cast<unsigned char>(one) < ' ' || kNever.find(one) != std::string_view::npos;
  });
  if (text.empty() || text.size() > kRefMax || !plain) return false;
  for (const std::string_view part : {"..", "//", "@{", "/.", ".lock/"}) {
    if (text.find(part) != std::string_view::npos) return false;
  }
  return !text.starts_with('-') && !text.starts_with('/') && !text.starts_with('.') &&
         !text.ends_with('/') && !text.ends_with('.') && !text.ends_with(".lock") && text != "@";
}

/// Without / at its ends. Nullopt: it leads out of the repository, or into git's own.
std::optional<std::string> folder_within(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  if (text == "." || text.empty()) return std::string();
  if (text.starts_with('/') || text.find('\0') != std::string_view::npos) return std::nullopt;
  for (std::string_view rest = text;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part == ".git") return std::nullopt;
    if (slash == std::string_view::npos) return std::string(text);
    rest.remove_prefix(slash + 1);
  }
}

bool is_below(const std::string& url, const std::vector<std::string>& folders) {
  std::error_code error;
  const auto whole = [&error](const std::string& path) {
    return std::filesystem::weakly_canonical(path, error).string();
  };
  const std::string path = whole(url.substr(kFilePrefix.size()));
  if (error) return false;
  return std::ranges::any_of(folders, [&](const std::string& folder) {
    const std::string above = whole(folder);
    return !error && path.starts_with(above) && path.size() > above.size() &&
           (above.ends_with('/') || path[above.size()] == '/');
  });
}

class GitReader {
 public:
  GitReader(Reporter& reporter, const std::vector<std::string>& folders)
      : reporter_(reporter), folders_(folders) {}

  GitPlan read(const Node& root) {
    GitPlan plan;
    std::string json;
    if (!check_no_secrets(root) || !reader_.read_object(root, kGitFileKeys, kGitFileName, json)) {
      return plan;
    }
    for (const TemplateUse& use : uses_.templates) {
      reporter_.error(*use.node, Code::kTemplateNotAllowed, "git.yaml has no templates");
    }
    plan.ca_file = git_text(root, "ca_file");
    const Node* follows = root.find("follows");
    if (follows == nullptr) return plan;
    for (const Node* one = follows->first; one != nullptr; one = one->next) {
      GitFollow read = follow(*one);
      check_alone(plan, read, *one);
      plan.follows.push_back(std::move(read));
    }
    std::ranges::sort(plan.follows, {}, &GitFollow::ns);
    return plan;
  }

 private:
  /// A secret that somebody wrote down is not repeated in a message.
  bool check_no_secrets(const Node& root) {
    const Node* follows = root.kind == NodeKind::kMap ? root.find("follows") : nullptr;
    if (follows == nullptr || follows->kind != NodeKind::kList) return true;
    bool good = true;
    for (const Node* one = follows->first; one != nullptr; one = one->next) {
      if (one->kind != NodeKind::kMap) continue;
      for (const std::string_view key : {"token", "password", "ssh_key", "passphrase"}) {
        const Node* value = one->find(key);
        if (value == nullptr || value->kind == NodeKind::kMap) continue;
        good = false;
        reporter_.error(*value, Code::kBadValue,
                        fmt::format("a {0} does not stand in a file: write {0}: {{secret: NAME}}, "
                                    "and set it with 'dyna secret set NAME'",
                                    key));
      }
    }
    return good;
  }

  GitFollow follow(const Node& at) {
    GitFollow out;
    out.ns = git_text(at, "namespace");
    out.url = git_text(at, "url");
    const auto secret = [&at](std::string_view key) {
      const Node* value = at.find(key);
      return value == nullptr ? MaybeSecret() : MaybeSecret{.secret = git_text(*value, "secret")};
    };
    out.user = git_text(at, "user");
    out.token = secret("token");
    out.password = secret("password");
    out.ssh_key = secret("ssh_key");
    out.passphrase = secret("passphrase");
    out.known_hosts = git_text(at, "known_hosts");
    if (const Node* push = at.find("push"); push != nullptr) out.push = push->text == "true";
    if (const Node* prune = at.find("prune"); prune != nullptr) out.prune = prune->text == "true";
    if (const Node* every = at.find("every"); every != nullptr) {
      out.every = parse_duration(every->text).value_or(out.every);
    }
    if (const Node* branch = at.find("branch"); branch != nullptr) {
      out.branch = branch->text;
      if (!is_branch(out.branch)) {
        reporter_.error(*branch, Code::kBadValue,
                        fmt::format("{} is no name of a branch; write it as 'git branch' does, "
                                    "without refs/heads/",
                                    quoted(branch->text)));
      }
    }
    if (const Node* folder = at.find("folder"); folder != nullptr) {
      const auto within = folder_within(folder->text);
      if (!within.has_value()) {
        reporter_.error(*folder, Code::kBadValue,
                        fmt::format("{} is no folder of a repository; write it from its top, such "
                                    "as teams/sales/flows",
                                    quoted(folder->text)));
      }
      out.folder = within.value_or("");
    }
    check_address(at, out);
    return out;
  }

  void check_address(const Node& at, const GitFollow& follow) {
    const Node& url = *at.find("url");
    const auto address = address_of(follow.url);
    // Not repeated: it may hold what it should not.
    if (!address.has_value()) {
      reporter_.error(url, Code::kBadValue,
                      "'url' is https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH or "
                      "file:///PATH");
      return;
    }
    const bool web = address->way == Way::kHttps || address->way == Way::kHttp;
    if (address->user.find(':') != std::string::npos || (web && !address->user.empty())) {
      reporter_.error(url, Code::kBadValue,
                      "no user and password stand in 'url': write user: NAME and password: "
                      "{secret: NAME}, or token: {secret: NAME}");
      return;
    }
    if (address->way == Way::kFile && !is_below(follow.url, folders_)) {
      reporter_.error(url, Code::kBadValue,
                      "a repository of this machine is followed only below a folder that "
                      "'server.git_folders' of cordyna.yaml (or DYNA_GIT_FOLDERS) names");
    }
    const bool secret = !follow.token.empty() || !follow.password.empty();
    const bool here =
        address->host == "localhost" || address->host == "127.0.0.1" || address->host == "[::1]";
    if (address->way == Way::kHttp && secret && !here) {
      reporter_.error(url, Code::kBadValue,
                      "everybody on the way would read the credentials: write https://");
    }
    check_keys(at, address->way);
  }

  /// What goes with which way.
  void check_keys(const Node& at, Way way) {
    const auto refuse = [&](std::string_view key, std::string_view what) {
      const Node* value = at.find(key);
      if (value == nullptr) return;
      reporter_.error(*value, Code::kBadKey, fmt::format("'{}' is for {}", key, what));
    };
    const bool web = way == Way::kHttps || way == Way::kHttp;
    if (!web) refuse("token", "https");
    if (!web) refuse("password", "https");
    if (way != Way::kSsh) {
      for (const std::string_view key : {"ssh_key", "passphrase", "known_hosts"}) {
        refuse(key, "ssh");
      }
    }
    if (way == Way::kFile) refuse("user", "https and ssh");
    const auto want = [&](std::string_view key, std::string_view why) {
      if (at.find(key) != nullptr) return;
      reporter_.error(at, Code::kMissingKey, fmt::format("'{}' is missing: {}", key, why));
    };
    if (way == Way::kSsh) {
      want("ssh_key", "by it ssh knows who we are");
      want("known_hosts", "by it we know who the other side is");
    }
    if (at.find("password") != nullptr) want("user", "a password is somebody's");
    if (at.find("password") != nullptr) {
      if (const Node* token = at.find("token"); token != nullptr) {
        reporter_.error(*token, Code::kBadKey, "of 'token' and 'password' there is one");
      }
    }
  }

  /// Two branches for one flow would take it from each other.
  void check_alone(const GitPlan& plan, const GitFollow& follow, const Node& at) {
    for (const GitFollow& other : plan.follows) {
      if (!reaches(other.ns, follow.ns) && !reaches(follow.ns, other.ns)) continue;
      const Node* ns = at.find("namespace");
      reporter_.error(*ns, Code::kBadValue,
                      fmt::format("namespace {} has flows of {}, which follows a branch already",
                                  quoted(follow.ns), quoted(other.ns)));
      return;
    }
  }

  Reporter& reporter_;
  const std::vector<std::string>& folders_;
  Uses uses_;
  ValueReader reader_{reporter_, uses_};
};

}  // namespace

std::string git_path(const std::string& folder) {
  return fmt::format("{}/{}", project_folder(folder), kGitFileName);
}

Result<GitFile> load_git(const std::string& path, const std::vector<std::string>& folders) {
  GitFile found{.file = path};
  const auto text = read_text_file(path, kGitBytesMax);
  if (!text.has_value()) {
    if (text.error().code == ErrorCode::kNotFound) return found;
    return std::unexpected<Error>(text.error());
  }
  found.is_there = true;
  Findings findings;
  Reporter reporter(findings, path, *text);
  YamlTree tree;
  const Node* root = is_blank(*text) ? nullptr : tree.load(*text, reporter);
  if (root != nullptr) found.plan = GitReader(reporter, folders).read(*root);
  if (std::string& file = found.plan.ca_file; !file.empty()) {
    file = (std::filesystem::path(path).parent_path() / file).lexically_normal().string();
  }
  if (!findings.has_error()) return found;
  std::string all;
  for (const Diagnostic& one : findings.take(std::string(kGitFileName))) {
    all += (all.empty() ? "" : "\n") + format(one);
  }
  return fail(ErrorCode::kInvalidArgument, std::move(all));
}

}  // namespace cordyna::flow
