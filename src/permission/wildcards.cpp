#include "permission/wildcards.hpp"

#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "permission/evaluation.hpp"

namespace oap::permission {
namespace {

json::Object call(std::string_view tool, std::string_view command) {
  return {{"tool", tool}, {"arguments", json::Object{{"command", command}}}};
}

// Where the first asks for what it runs, the second runs a file.
constexpr const char* kProbes[][2] = {{"bash -c id", "bash ./x"},
                                      {"sh -c id", "sh ./x"},
                                      {"python3 -c pass", "python3 x"},
                                      {"python -c pass", "python x"},
                                      {"node -e 0", "node x"},
                                      {"perl -e 0", "perl x"},
                                      {"ruby -e 0", "ruby x"},
                                      {"sudo id", "sudo -k"},
                                      {"env id", "env"},
                                      {"xargs id", "xargs"},
                                      {"ssh h id", "ssh h"},
                                      {"php -r 0", "php x"},
                                      {"eval id", "eval"},
                                      {"zsh -c id", "zsh ./x"},
                                      {"find . -exec id {} \\;", "find ."},
                                      {"npx x", "npx"},
                                      {"docker run x", "docker ps"}};

class Probe {
 public:
  Probe(const Policy& policy, const CompiledRule& rule, const std::vector<Facets>& probes)
      : policy_(policy), rule_(rule), probes_(probes) {}

  std::optional<Wildcard> look() const {
    const Rule& one = rule_.rule;
    if (one.level != Level::kAllow || !one.condition.empty()) {
      return std::nullopt;
    }
    if (one.scope == Scope::kCommand) {
      return interpreters();
    }
    for (const char* tool : {"bash", "run_command", "python"}) {
      if (one.scope == Scope::kTool && one.resource.empty() && rule_.glob->matches(tool) &&
          !decided_by_commands(tool)) {
        return Wildcard{fmt::format("it allows every call of {}, whatever it runs", tool),
                        allowed(call(tool, "sh -c id"))};
      }
    }
    return std::nullopt;
  }

 private:
  /// With a command rule, what no command rule names asks.
  bool decided_by_commands(std::string_view tool) const {
    return tool != "python" && policy_.compiled().everyone.any_command;
  }

  Request request_of(const json::Object& object) const {
    Request request = request_from_json(object).value_or(Request{});
    request.workspace = policy_.workspace();
    if (!rule_.rule.role.empty()) {
      request.principal.role = rule_.rule.role;
    }
    return request;
  }

  /// The request, where the policy really allows it.
  std::optional<json::Object> allowed(json::Object object) const {
    if (!rule_.rule.role.empty()) {
      object["role"] = rule_.rule.role;
    }
    return policy_.decide(request_of(object)).level == Level::kAllow
               ? std::optional(std::move(object))
               : std::nullopt;
  }

  std::optional<Wildcard> interpreters() const {
    for (std::size_t i = 0; i < std::size(kProbes); ++i) {
      const auto& [first, second] = kProbes[i];
      const Facets& facets = probes_[i];
      if (facets.commands.empty() || !match_command(rule_, facets.commands.front())) {
        continue;
      }
      auto witness = allowed(call("bash", first));
      if (!witness) {
        witness = allowed(call("bash", second));
      }
      return Wildcard{
          fmt::format("it allows {}, which can run anything", facets.commands.front().argv.front()),
          std::move(witness)};
    }
    return std::nullopt;
  }

  const Policy& policy_;
  const CompiledRule& rule_;
  const std::vector<Facets>& probes_;
};

}  // namespace

Wildcards::Wildcards(const Policy& policy) : policy_(policy) {
  for (const auto& [first, second] : kProbes) {
    Request request = request_from_json(call("bash", first)).value_or(Request{});
    request.workspace = policy.workspace();
    probes_.push_back(policy.facets(request));
  }
}

std::optional<Wildcard> Wildcards::of(std::uint32_t rule) {
  const CompiledRule& one = policy_.compiled().rules[rule];
  if (one.rule.level != Level::kAllow) {
    return std::nullopt;
  }
  const auto [place, fresh] = known_.try_emplace(one.rule.describe() + "\n" + one.rule.role);
  if (fresh) {
    place->second = Probe(policy_, one, probes_).look();
  }
  return place->second;
}

}  // namespace oap::permission
