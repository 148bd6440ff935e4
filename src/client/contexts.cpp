#include "client/contexts.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/wipe.hpp"
#include "client/json_slice.hpp"
#include "http/url.hpp"
#include "secrets/private_file.hpp"

namespace cordyna::client {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhat = "file of contexts";
constexpr std::size_t kBytesMax = std::size_t{1} << 20;
constexpr std::size_t kNameMax = 64;
constexpr int kPatienceMs = 5000;
constexpr std::int64_t kVersion = 1;

std::string file_in(const std::string& folder) {
  return folder + "/contexts.json";
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Result<ContextList> read_list(const std::string& text, const std::string& path) {
  const auto wrong = [&path](std::string_view why) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("{} {}: {}; move it away, and 'dyna login' makes a new one", kWhat,
                            printable(path), why));
  };
  const auto parsed = JsonSlice::parse(text);
  if (!parsed.has_value()) return wrong(parsed.error().message);
  if (parsed->number("version") != kVersion) return wrong("it is of another version of dyna");
  ContextList list;
  list.current = parsed->text("current");
  for (const JsonSlice& one : parsed->member("contexts").items()) {
    Context context{one.text("name"),         one.text("url"), one.text("token"),
                    one.text("actor"),        one.text("ca"),  one.flag("insecure_plaintext"),
                    one.flag("token_is_ours")};
    if (!is_context_name(context.name) || context.url.empty()) return wrong("it is damaged");
    list.put(std::move(context));
  }
  if (list.find(list.current) == nullptr) list.current.clear();
  return list;
}

std::string as_text(const ContextList& list) {
  std::string out = fmt::format("{{\n  \"version\": {},\n  \"current\": {},\n  \"contexts\": [",
                                kVersion, json_string(list.current));
  for (const Context& context : list.contexts) {
    out += &context == list.contexts.data() ? "\n    {" : ",\n    {";
    out += "\"name\": " + json_string(context.name) + ", \"url\": " + json_string(context.url);
    const auto text = [&out](std::string_view key, const std::string& value) {
      if (!value.empty()) out += fmt::format(", \"{}\": {}", key, json_string(value));
    };
    text("actor", context.actor);
    text("ca", context.ca);
    if (context.insecure_plaintext) out += ", \"insecure_plaintext\": true";
    if (context.token_is_ours) out += ", \"token_is_ours\": true";
    text("token", context.token);
    out += '}';
  }
  return out + "\n  ]\n}\n";
}

/// Only this user may look into it: a folder of somebody's own configuration, as others make it.
Result<> make_folder(const std::string& folder) {
  std::error_code error;
  const std::string above = fs::path(folder).parent_path().string();
  fs::create_directories(above, error);
  if (!error && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    error = {errno, std::generic_category()};
  }
  if (!error) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("cannot make {}: {}", printable(folder), error.message()));
}

std::uint16_t usual_port(const std::string& scheme) {
  return scheme == "https" ? 443 : 80;
}

}  // namespace

const Context* ContextList::find(std::string_view name) const {
  const auto found = std::ranges::find(contexts, name, &Context::name);
  return found == contexts.end() ? nullptr : &*found;
}

const Context* ContextList::find_url(std::string_view url) const {
  const auto found = std::ranges::find(contexts, url, &Context::url);
  return found == contexts.end() ? nullptr : &*found;
}

void ContextList::put(Context context) {
  std::erase_if(contexts, [&context](const Context& one) { return one.name == context.name; });
  const auto place = std::ranges::lower_bound(contexts, context.name, {}, &Context::name);
  contexts.insert(place, std::move(context));
}

bool ContextList::remove(std::string_view name) {
  const auto removed =
      std::erase_if(contexts, [name](const Context& one) { return one.name == name; });
  if (current == name) current.clear();
  return removed > 0;
}

Result<std::string> contexts_folder(const std::string& config_home, const std::string& home) {
  const std::string above = !config_home.empty() ? config_home
                            : home.empty()       ? std::string()
                                                 : home + "/.config";
  if (above.starts_with('/')) return above + "/cordyna";
  return fail(ErrorCode::kUnavailable,
              "where contexts are kept is not known: $HOME or $XDG_CONFIG_HOME must be an absolute "
              "path; without them, DYNA_SERVER and DYNA_TOKEN name a server");
}

Result<ContextList> read_contexts(const std::string& folder) {
  const std::string path = file_in(folder);
  TRY_ASSIGN(std::optional<std::string> text, read_private_file(path, kWhat, kBytesMax));
  if (!text.has_value()) return ContextList();
  auto list = read_list(*text, path);
  wipe_secret(*text);
  return list;
}

Result<> change_contexts(const std::string& folder,
                         const std::function<Result<>(ContextList&)>& change) {
  TRY(make_folder(folder));
  TRY_ASSIGN(const Descriptor lock,
             lock_file(folder + "/contexts.lock", "lock of the contexts", kPatienceMs));
  TRY_ASSIGN(ContextList list, read_contexts(folder));
  TRY(change(list));
  std::string text = as_text(list);
  Result<> written = replace_private_file(file_in(folder), kWhat, text);
  wipe_secret(text);
  return written;
}

bool is_context_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax || name == "local") return false;
  return is_letter_or_digit(name.front()) && std::ranges::all_of(name, [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

std::string name_for(const std::string& url) {
  const auto parsed = http::parse_url(url);
  if (!parsed.has_value()) return "server";
  std::string name = parsed->host;
  std::ranges::replace(name, ':', '-');
  if (parsed->port != usual_port(parsed->scheme)) name += fmt::format("-{}", parsed->port);
  name = name.substr(0, kNameMax);
  while (!name.empty() && !is_letter_or_digit(name.front())) name.erase(0, 1);
  return is_context_name(name) ? name : "server";
}

Result<std::string> server_address(const std::string& text, bool insecure_plaintext) {
  const std::string whole = text.contains("://") ? text : "https://" + text;
  const auto url = http::parse_url(whole);
  if (!url.has_value()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no address of a server, like https://dyna.example: {}",
                            printable(http::shown_address(text)), url.error().message));
  }
  if (url->target != "/" && url->target != "/api/v1" && url->target != "/api/v1/") {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}': the address of a server has no path; {}://{} is meant?",
                            printable(url->shown()), url->scheme, url->authority()));
  }
  if (!url->is_tls() && !http::is_loopback(url->host) && !insecure_plaintext) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("http://{} is another machine, and without TLS everybody on the way "
                            "reads the token: say https://, or 'dyna login' with "
                            "--insecure-plaintext where the network is yours alone",
                            url->authority()));
  }
  return fmt::format("{}://{}", url->scheme, url->authority());
}

}  // namespace cordyna::client
