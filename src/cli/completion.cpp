#include "cli/completion.hpp"

#include <fmt/format.h>

namespace cordyna::cli {
namespace {

constexpr const char* kContexts = "(dyna context list --names 2>/dev/null)";

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string bash_script(const std::vector<CommandWords>& commands) {
  std::vector<std::string> names;
  std::string cases;
  for (const CommandWords& one : commands) {
    const std::string& name = one.command.first;
    names.push_back(name);
    std::vector<std::string> parts;
    parts.reserve(one.parts.size());
    for (const Described& part : one.parts) parts.push_back(part.first);
    std::vector<std::string> options;
    options.reserve(one.options.size());
    for (const Described& option : one.options) options.push_back("--" + option.first);
    cases += "    " + name + ") options='" + joined(options) + "'" +
             (parts.empty() ? "" : " parts='" + joined(parts) + "'") + " ;;\n";
  }
  return "# bash completion of dyna: source <(dyna completion bash)\n"
         "_dyna() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} options= parts=\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W '" +
         joined(names) +
         "' -- \"$word\")\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]} in\n" +
         cases +
         "  esac\n"
         "  if [[ -n $parts && $COMP_CWORD -eq 2 ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$parts\" -- \"$word\")\n"
         "  elif [[ $word == -* ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
         "  else\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
         "  fi\n"
         "  if [[ ${COMP_WORDS[COMP_CWORD-1]} == --server ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W "
         "\"local $(dyna context list --names 2>/dev/null)\" -- \"$word\")\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]}:$COMP_CWORD in\n"
         "    context:3|logout:2)\n"
         "      mapfile -t COMPREPLY < <(compgen -W "
         "\"$(dyna context list --names 2>/dev/null)\" -- \"$word\") ;;\n"
         "    run:2|backfill:2|flows:3|schedule:3)\n"
         "      mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W "
         "\"$(dyna flows --names 2>/dev/null)\" -- \"$word\") ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _dyna dyna\n";
}

std::string zsh_script(const std::vector<CommandWords>& commands) {
  return "#compdef dyna\n# zsh completion of dyna: source <(dyna completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(commands);
}

std::string quoted(std::string text) {
  for (std::size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 2)) {
    text.insert(at, "\\");
  }
  return "'" + text + "'";
}

std::string fish_script(const std::vector<CommandWords>& commands) {
  std::string out = "# fish completion of dyna: dyna completion fish | source\n";
  for (const CommandWords& one : commands) {
    const auto& [name, description] = one.command;
    out += "complete -c dyna -n __fish_use_subcommand -a " + name + " -d " + quoted(description) +
           "\n";
    const std::string of_it = "complete -c dyna -n '__fish_seen_subcommand_from " + name + "' ";
    for (const auto& [part, what] : one.parts) {
      out += of_it + "-a " + part + " -d " + quoted(what) + "\n";
    }
    if (name == "run" || name == "backfill" || name == "flows" || name == "schedule") {
      out += of_it + "-a '(dyna flows --names 2>/dev/null)'\n";
    }
    if (name == "context" || name == "logout") out += of_it + "-a '" + kContexts + "'\n";
    for (const auto& [option, what] : one.options) {
      out += of_it + "-l " + option + " -d " + quoted(what);
      if (option == "server") out += fmt::format(" -x -a 'local {}'", kContexts);
      out += "\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_script(const std::string& shell, const std::vector<CommandWords>& commands) {
  if (shell == "fish") return fish_script(commands);
  return shell == "zsh" ? zsh_script(commands) : bash_script(commands);
}

}  // namespace cordyna::cli
