/// For tests: runs a program and takes its output; values that try to become program text.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace cordyna::test {

struct Ran {
  int status = -1;  ///< exit code; 128 + signal
  std::string out;
};

/// "" where it is not in PATH.
inline std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string candidate = rest.substr(0, end) + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return "";
}

/// Standard error goes where ours goes. `env` and PATH are the whole environment.
inline Ran run_program(const std::vector<std::string>& argv,
                       const std::vector<std::pair<std::string, std::string>>& env) {
  std::vector<std::string> variables = {"PATH=/usr/bin:/bin"};
  for (const auto& [name, value] : env) variables.push_back(name + "=" + value);
  const auto pointers = [](const std::vector<std::string>& strings) {
    std::vector<char*> out;
    out.reserve(strings.size() + 1);
    for (const std::string& string : strings) out.push_back(const_cast<char*>(string.c_str()));
    out.push_back(nullptr);
    return out;
  };
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, argv[0].c_str(), &actions, nullptr, pointers(argv).data(),
                                 pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  close(fds[1]);
  Ran ran;
  std::array<char, 65536> buffer{};
  ssize_t count = 0;
  while ((count = read(fds[0], buffer.data(), buffer.size())) > 0) {
    ran.out.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(fds[0]);
  int status = 0;
  if (failed != 0 || waitpid(pid, &status, 0) != pid) return ran;
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

/// Values that would create the file `canary`, or change their neighbours, if they were read as
/// program text.
inline std::vector<std::string> hostile_values(const std::string& canary) {
  const std::string touch = "touch " + canary;
  return {
      "",
      " ",
      "plain",
      "two words",
      "it's",
      "say \"hi\"",
      "'\"'\"'",
      "$(" + touch + ")",
      "`" + touch + "`",
      "; " + touch + " ;",
      "| " + touch,
      "& " + touch + " &",
      "\n" + touch + "\n",
      "' ; " + touch + " ; '",
      "\" ; " + touch + " ; \"",
      "'$(" + touch + ")'",
      "\"$(" + touch + ")\"",
      "\\'; " + touch + " #",
      "EOF\n" + touch + "\nEOF",
      "\nEOF\n" + touch,
      "*/ " + touch + " --",
      "a[$(" + touch + ")]",
      "x=$((a[$(" + touch + ")]))",
      "${IFS}",
      "${HOME:-$(" + touch + ")}",
      "}" + touch,
      "{{7*7}}",
      "{% for x in range(9) %}",
      "{{ secret('TOKEN') }}",
      "{{constructor.constructor('return this')()}}",
      "__class__",
      "%(x)s %s %n",
      "-rf",
      "--help",
      "*",
      "~",
      "?[a-z]*",
      "\\",
      "\\\\n\\t\\0",
      "a\\",
      "!!",
      "#no comment",
      "<>|&;()",
      "tab\there",
      "a\n\n",
      "\n",
      "\r\n",
      "\x01\x02\x1b[31m\x7f",
      "größe 東京 🎉",
      "\xff\xfe\x80\xc3(",
      "\x81\x82\x83\x84\x85\x86\x87\x88",
      "'); drop table t; --",
      "' or '1'='1",
      "=cmd|'/c calc'!A0",
      std::string(5000, 'x'),
  };
}

}  // namespace cordyna::test
