// Knows CLI11, as arguments.cpp does.
#include "cli/arguments_server.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace cordyna::cli {
namespace {

class ServerCommands {
 public:
  ServerCommands(CLI::App& app, Arguments& found) : app_(app), found_(found) {}

  void add_login();
  void add_logout();
  void add_context();
  void add_user();
  void add_token();
  void add_conformance();
  void add_redis();

 private:
  CLI::App* add(const char* name, const char* help, Verb verb) {
    CLI::App* const command = app_.add_subcommand(name, help);
    command->callback([&found = found_, verb] { found.verb = verb; });
    return command;
  }
  CLI::App* action(CLI::App* of, const char* name, const char* help) {
    CLI::App* const command = of->add_subcommand(name, help);
    command->callback([&found = found_, name] { found.action = name; });
    add_json(command);
    return command;
  }
  CLI::App* add_json(CLI::App* command) {
    command->add_flag("--json", found_.json, "Print JSON, for programs");
    return command;
  }
  CLI::Option* add_name(CLI::App* command, const char* help) {
    return command->add_option("name", found_.at.name, help)->type_name("NAME");
  }
  void add_grants(CLI::App* command, const char* help) {
    command->add_option("--grant", found_.at.grants, help)
        ->type_name("ROLE@NAMESPACE")
        ->expected(1)
        ->take_all();
  }

  CLI::App& app_;
  Arguments& found_;
};

void ServerCommands::add_login() {
  CLI::App* const login = add("login", "Log in to a server of 'dyna up'", Verb::kLogin);
  login->add_option("url", found_.at.address, "Its address, like https://dyna.example")
      ->required()
      ->type_name("URL");
  login->add_option("--name", found_.at.name, "What it is called here (default: its host)")
      ->type_name("CONTEXT");
  CLI::Option* const user =
      login->add_option("-u,--user", found_.at.user, "Log in by password, and keep a new token")
          ->type_name("USER");
  login->add_option("--token-file", found_.at.token_file, "Take the token from this file")
      ->type_name("FILE")
      ->excludes(user);
  login
      ->add_option("--expires", found_.at.expires_at,
                   "Until when the new token is good (default: in 90 days)")
      ->needs(user)
      ->type_name("TIME");
  login->add_option("--ca", found_.at.ca, "PEM file with the CA of its certificate")
      ->type_name("FILE");
  login->add_flag("--insecure-plaintext", found_.at.insecure_plaintext,
                  "Send the token over http to another machine, for everybody to read");
  add_json(login);
  login->footer(
      "The token, or the password, is asked for and not shown; or it comes over standard input,\n"
      "or from --token-file. It is never an argument: every user of a machine can read those.\n"
      "What was logged in to is kept, with its token, in ~/.config/cordyna (or below\n"
      "$XDG_CONFIG_HOME), which only you can read. Commands go there with --server, with\n"
      "$DYNA_SERVER, or after 'dyna context use'.");
}

void ServerCommands::add_logout() {
  CLI::App* const logout = add(
      "logout", "Forget the token of a server, and revoke it where a login made it", Verb::kLogout);
  add_name(logout, "The context (default: the current one)");
  add_json(logout);
}

void ServerCommands::add_context() {
  CLI::App* const context =
      add("context", "The servers that you are logged in to, and which one commands go to",
          Verb::kContext);
  context->require_subcommand(1);
  action(context, "list", "List them")
      ->add_flag("--names", found_.names, "Only names, one a line: for completion");
  add_name(action(context, "use", "From now on commands go there; 'local': to state folders"),
           "Its name")
      ->required();
  add_name(action(context, "show", "Show one, without its token (default: what commands go to)"),
           "Its name");
  add_name(action(context, "remove", "Forget one; its token stays good (see logout)"), "Its name")
      ->required();
}

void ServerCommands::add_user() {
  CLI::App* const user = add("user", "The users of a server", Verb::kUser);
  user->require_subcommand(1);
  add_server_option(action(user, "list", "List them"), found_);
  CLI::App* const add_one = action(user, "add", "Add one");
  CLI::App* const set = action(user, "set", "Change one: what is not given stays");
  CLI::App* const remove =
      action(user, "remove", "Nothing of the user works any more; the name stays taken");
  for (CLI::App* command : {add_one, set, remove}) {
    add_name(command, "The name")->required();
    add_server_option(command, found_);
  }
  for (CLI::App* command : {add_one, set}) {
    add_grants(command,
               "viewer, operator, author or admin in a namespace, or in '*' for all; may "
               "be repeated: all of them");
    command
        ->add_option("--password-file", found_.at.password_file,
                     "Take the password from this file; '-': from a prompt or standard input")
        ->type_name("FILE");
  }
  CLI::Option* const disable =
      set->add_flag("--disable", found_.at.disable, "Nothing of the user works any more");
  set->add_flag("--enable", found_.at.enable, "It works again")->excludes(disable);
}

void ServerCommands::add_token() {
  CLI::App* const token =
      add("token", "Tokens of a server: yours, or all for an admin", Verb::kToken);
  token->require_subcommand(1);
  add_server_option(action(token, "list", "List them"), found_);
  CLI::App* const create = action(token, "create", "Make one; it is shown this once");
  add_name(create, "What it is for")->required();
  add_grants(create,
             "What it may, at most what you may: operator@acme; may be repeated (default: "
             "all that you may)");
  create->add_option("--expires", found_.at.expires_at, "Until when it is good (default: always)")
      ->type_name("TIME");
  CLI::Option* const service =
      create->add_flag("--service", found_.at.service, "Of a program, and of no user");
  create
      ->add_option("--team", found_.at.team,
                   "Of the task servers of a team, which is a namespace: for nothing else")
      ->type_name("NAMESPACE")
      ->excludes(service);
  add_server_option(create, found_);
  CLI::App* const revoke = action(token, "revoke", "It is good no more");
  add_name(revoke, "Its id, as 'list' shows it")->required();
  add_server_option(revoke, found_);
}

void ServerCommands::add_conformance() {
  CLI::App* const kit = add("conformance", "Whether a task server keeps the protocol: try it out",
                            Verb::kConformance);
  CLI::Option* const list = kit->add_flag("--list", found_.list, "Only list the checks");
  kit->add_option("--server", found_.conformance.command,
                  "Starts the task server, for each check anew; {url}, {token}, {team}, {server} "
                  "and {state} in it are replaced")
      ->type_name("CMD")
      ->excludes(list);
  kit->add_option("--level", found_.conformance.level, "Of the protocol (default: what it says)")
      ->check(CLI::Range(0, 2))
      ->type_name("0|1|2");
  kit->add_option("--only", found_.only, "Only this check; may be repeated")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  kit->add_option("--jobs", found_.conformance.jobs, "Checks at a time (default: 4)")
      ->check(CLI::Range(1, 64))
      ->type_name("N");
  kit->add_option("--redis", found_.conformance.redis,
                  "Over streams of this Redis instead of WebSockets; {url} is its address, with a "
                  "prefix for each check")
      ->type_name("redis://HOST:PORT");
  kit->add_flag("--trace", found_.conformance.trace, "Show all that was said where it is broken");
  add_json(kit);
  kit->footer(
      "The server is to declare the tasks echo, sleep, fail and count, which docs/protocol.md\n"
      "describes. It gets CORDYNA_URL, CORDYNA_TOKEN, CORDYNA_TEAM, CORDYNA_SERVER and\n"
      "CORDYNA_STATE. Exit code 0: it keeps all rules; 1: it breaks some; 6: it does not come.");
}

void ServerCommands::add_redis() {
  CLI::App* const redis =
      add("redis", "Accounts of task servers in the Redis that they come over", Verb::kRedis);
  redis->require_subcommand(1);
  CLI::App* const acl = action(redis, "acl", "What an account may do, as a command of Redis");
  CLI::Option* const whose =
      acl->add_option("name", found_.at.name, "Whose account it is")->type_name("TEAM[/SERVER]");
  acl->add_flag("--cerebro", found_.redis.cerebro, "The account of cerebro itself")
      ->excludes(whose);
  acl->add_option("--user", found_.at.user, "Its name (default: ts-TEAM, ts-TEAM-SERVER, cerebro)")
      ->type_name("NAME");
  acl->add_option("--password-file", found_.at.password_file,
                  "Take the password from this file (default: a new one, which is shown this once)")
      ->type_name("FILE");
  acl->add_flag("--apply", found_.redis.apply,
                "Do it at the Redis of cordyna.yaml, with the account that stands there");
  acl->add_option("--config", found_.serve.config, "This cordyna.yaml instead of the nearest one")
      ->type_name("FILE");
  acl->footer(
      "Without --apply nothing is done: give the command to redis-cli as somebody who may, and\n"
      "save it as your Redis keeps users (ACL SAVE, or its users.acl). Task servers then come "
      "with\n"
      "the address redis://USER@HOST:PORT and the password as their token.");
}

}  // namespace

void add_server_option(CLI::App* command, Arguments& found) {
  command
      ->add_option_function<std::vector<std::string>>(
          "--server",
          [&found](const std::vector<std::string>& words) {
            found.server = words.empty() ? std::string() : words.front();
          },
          "Do it at a server: an address, or a context of 'dyna login'; 'local': in a state "
          "folder; without a value: the current context")
      ->expected(0, 1)
      ->type_name("[URL|CONTEXT]");
}

void add_server_commands(CLI::App& app, Arguments& found) {
  ServerCommands commands(app, found);
  commands.add_login();
  commands.add_logout();
  commands.add_context();
  commands.add_user();
  commands.add_token();
  commands.add_conformance();
  commands.add_redis();
}

}  // namespace cordyna::cli
