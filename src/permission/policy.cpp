#include "permission/policy.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "os/file.hpp"
#include "permission/builtin_policy.hpp"
#include "permission/evaluation.hpp"
#include "permission/examples.hpp"
#include "permission/hidden.hpp"
#include "permission/near.hpp"
#include "permission/role_views.hpp"
#include "permission/rule_files.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

/// The files' contents, and all that is wrong with them.
struct Parsed {
  std::vector<Rule> rules;
  std::vector<Role> roles;             ///< as they are written
  std::vector<Role> roles_that_count;  ///< without what an untrusted project's inherit
  Precedence precedence[4] = {};
  std::vector<std::string> warnings;
  std::vector<std::string> faults;
};

void read_source(const PolicySource& source, const PolicyOptions& options, Parsed& out) {
  auto text = source.text ? Result<std::string>(*source.text) : os::read_file(source.file);
  if (!text) {
    out.faults.push_back(text.error().to_string());
    return;
  }
  auto file = rules_of_text(*text, source.file, source.tier, options.known_tools);
  if (!file) {
    out.faults.push_back(file.error().message());
    return;
  }
  out.precedence[static_cast<std::size_t>(source.tier)] = file->precedence;
  std::move(file->rules.begin(), file->rules.end(), std::back_inserter(out.rules));
  for (const Role& role : file->roles) {
    out.roles_that_count.push_back(role);
    if (source.tier == Tier::kProject && !options.trusted_project) {
      // Inheriting would hand a role what trusted files allow to another.
      out.roles_that_count.back().inherits.clear();
    }
  }
  std::move(file->roles.begin(), file->roles.end(), std::back_inserter(out.roles));
  std::move(file->warnings.begin(), file->warnings.end(), std::back_inserter(out.warnings));
}

std::vector<Rule> by_tier(std::vector<Rule> rules) {
  std::vector<Rule> out;
  out.reserve(rules.size());
  for (const Tier tier : {Tier::kManaged, Tier::kSession, Tier::kUser, Tier::kProject}) {
    for (Rule& rule : rules) {
      if (rule.tier == tier) {
        out.push_back(std::move(rule));
      }
    }
  }
  return out;
}

void check_options(const PolicyOptions& options, std::vector<std::string>& faults) {
  for (const std::string& category : options.require_approval_for) {
    const auto& known = approval_categories();
    if (std::find(known.begin(), known.end(), category) == known.end()) {
      faults.push_back(fmt::format("require_approval_for: unknown category '{}', expected {}{}",
                                   category, text::join(known, ", "),
                                   text::did_you_mean(category, known)));
    }
  }
}

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string revision_of(const std::vector<Rule>& rules, const Precedence* precedence,
                        const PolicyOptions& options) {
  crypto::Sha256 hash;
  const auto add = [&hash](std::string_view text) {
    hash.update(std::to_string(text.size())).update(":").update(text);
  };
  for (const Rule& rule : rules) {
    add(fmt::format("{} {} {} {} {}", to_string(rule.scope), to_string(rule.action),
                    to_string(rule.level), to_string(rule.tier), rule.argv.size()));
    for (const std::string& word : rule.argv) {
      add(word);
    }
    for (const std::string* text : {&rule.pattern, &rule.resource, &rule.program, &rule.role,
                                    &rule.workspace, &rule.condition, &rule.where, &rule.reason}) {
      add(*text);
    }
  }
  for (std::size_t i = 0; i < 4; ++i) {
    add(to_string(precedence[i]));
  }
  add(options.workspace);
  add(options.default_permission ? to_string(*options.default_permission) : "");
  for (const auto* list : {&options.require_approval_for, &options.known_tools,
                           &options.network_servers, &options.known_agents}) {
    add(text::join(*list, "\n"));
  }
  add(options.trusted_project ? "trusted" : "");
  add(options.replace_builtin ? "alone" : "");
  return hash.finish_hex().substr(0, 16);
}

}  // namespace

struct Policy::Body {
  Compiled compiled;
  std::vector<Rule> rules;
  std::set<std::string, std::less<>> known_tools;
  std::string workspace;
  std::vector<std::string> warnings;
  std::vector<PolicySource> sources;
  std::string revision;

  /// A sentence where no file defines the role and it is no agent's; "" where all is well.
  std::string unknown_role(const std::string& role) const {
    if (role.empty() || compiled.roles.contains(role) || names(known_roles(), role) ||
        names(compiled.options.known_agents, role)) {
      return {};
    }
    std::vector<std::string> defined = compiled.options.known_agents;
    for (const auto& [name, view] : compiled.roles) {
      defined.push_back(name);
    }
    return fmt::format("no role '{}' is defined in permissions.yaml{}", role,
                       text::did_you_mean(role, defined));
  }

  const RoleView& view(const std::string& role) const {
    const auto found = compiled.roles.find(role);
    return found == compiled.roles.end() ? compiled.everyone : found->second;
  }
  FacetContext context() const {
    return {known_tools, workspace, compiled.options.workspace,
            !compiled.index.strict_files.empty()};
  }
};

Policy::Policy(std::unique_ptr<const Body> body) : body_(std::move(body)) {}
Policy::~Policy() = default;

Result<std::shared_ptr<const Policy>> Policy::compile(std::vector<PolicySource> sources,
                                                      Options options, std::vector<Rule> session) {
  auto body = std::make_unique<Body>();
  const auto canonical = os::canonical_path(options.workspace.empty() ? "." : options.workspace);
  body->workspace = canonical ? *canonical : options.workspace;
  body->known_tools.insert(builtin_tools().begin(), builtin_tools().end());
  body->known_tools.insert(options.known_tools.begin(), options.known_tools.end());
  Parsed parsed;
  check_options(options, parsed.faults);
  for (const PolicySource& source : sources) {
    read_source(source, options, parsed);
  }
  for (Rule& rule : session) {
    rule.tier = Tier::kSession;
    parsed.rules.push_back(std::move(rule));
  }
  parsed.rules = by_tier(std::move(parsed.rules));
  std::erase_if(parsed.rules, [&](const Rule& rule) {
    return !rule.workspace.empty() && rule.workspace != body->workspace &&
           rule.workspace != options.workspace;
  });
  Compiled& compiled = body->compiled;
  std::map<std::string, std::uint32_t> ids;
  for (const Rule& rule : parsed.rules) {
    auto one = compile_rule(rule, body->workspace);
    if (!one) {
      parsed.faults.push_back(one.error().message());
      continue;
    }
    if (!rule.role.empty()) {
      one->role = ids.emplace(rule.role, ids.size() + 1).first->second;
    }
    one->withheld =
        !options.trusted_project && rule.tier == Tier::kProject && rule.level == Level::kAllow;
    compiled.conditional = compiled.conditional || one->condition.has_value();
    compiled.index.add(*one, static_cast<std::uint32_t>(compiled.rules.size()));
    compiled.rules.push_back(*std::move(one));
  }
  std::copy(std::begin(parsed.precedence), std::end(parsed.precedence),
            std::begin(compiled.precedence));
  compiled.options = std::move(options);
  build_role_views(parsed.roles, parsed.roles_that_count, ids, compiled, parsed.faults);
  if (!parsed.faults.empty()) {
    return fail(Code::kConfiguration, "{}", text::join(parsed.faults, "\n"));
  }
  check_examples(parsed.rules, body->workspace, body->context(), parsed.faults);
  if (!parsed.faults.empty()) {
    return fail(Code::kConfiguration, "{}", text::join(parsed.faults, "\n"));
  }
  body->revision = revision_of(parsed.rules, parsed.precedence, compiled.options);
  body->rules = std::move(parsed.rules);
  body->warnings = std::move(parsed.warnings);
  body->sources = std::move(sources);
  return std::shared_ptr<const Policy>(new Policy(std::move(body)));
}

Facets Policy::facets(const Request& request) const {
  Facets facets = derive_facets(request, body_->context());
  if (body_->compiled.conditional) {
    facets.request = std::make_shared<const Request>(request);
  }
  return facets;
}

Decision Policy::evaluate(const Facets& facets, const Principal& principal) const {
  return Evaluation(body_->compiled, facets, body_->view(principal.role),
                    body_->unknown_role(principal.role))
      .decide();
}

Decision Policy::decide(const Request& request) const {
  return evaluate(facets(request), request.principal);
}

std::vector<std::string> Policy::hidden_from_search(const Principal& principal) const {
  return hidden_globs(body_->compiled, body_->view(principal.role));
}

Explanation Policy::explain(const Request& request) const {
  const Facets derived = facets(request);
  Evaluation evaluation(body_->compiled, derived, body_->view(request.principal.role),
                        body_->unknown_role(request.principal.role));
  Explanation out;
  out.decision = evaluation.decide();
  evaluation.explain(out);
  for (const Tier tier : {Tier::kManaged, Tier::kSession, Tier::kUser, Tier::kProject}) {
    if (body_->compiled.precedence[static_cast<std::size_t>(tier)] == Precedence::kSpecific) {
      out.mode +=
          fmt::format("{}{}", out.mode.empty() ? "specific within " : ", ", to_string(tier));
    }
  }
  out.mode = out.mode.empty() ? "strict" : out.mode;
  out.near =
      near_misses(body_->compiled, derived, body_->view(request.principal.role), out.matches);
  out.revision = body_->revision;
  return out;
}

Result<std::shared_ptr<const Policy>> Policy::with_session(std::vector<Rule> session) const {
  return compile(body_->sources, body_->compiled.options, std::move(session));
}

const std::string& Policy::revision() const { return body_->revision; }
const std::vector<Rule>& Policy::rules() const { return body_->rules; }
const Compiled& Policy::compiled() const { return body_->compiled; }
const std::string& Policy::workspace() const { return body_->workspace; }
const Policy::Options& Policy::options() const { return body_->compiled.options; }
const std::vector<std::string>& Policy::warnings() const { return body_->warnings; }

json::Object to_json(const Explanation& explanation) {
  json::Object out = to_json(explanation.decision);
  out["mode"] = explanation.mode;
  json::Array facets;
  for (const std::string& facet : explanation.facets) {
    facets.emplace_back(facet);
  }
  out["facets"] = std::move(facets);
  json::Array matches;
  for (const RuleMatch& match : explanation.matches) {
    json::Object one;
    one["rule"] = match.rule.where;
    one["tier"] = to_string(match.rule.tier);
    one["role"] = match.rule.role.empty() ? json::Value(nullptr) : json::Value(match.rule.role);
    one["level"] = to_string(match.rule.level);
    one["what"] = match.rule.describe();
    one["reason"] = match.rule.reason;
    one["facet"] = match.facet;
    one["counted"] = match.counted;
    one["note"] = match.note;
    matches.emplace_back(std::move(one));
  }
  out["matches"] = std::move(matches);
  json::Array floors;
  for (const std::string& floor : explanation.floors) {
    floors.emplace_back(floor);
  }
  out["floors"] = std::move(floors);
  json::Array near;
  for (const NearMiss& miss : explanation.near) {
    near.push_back(json::Object{{"rule", miss.rule.where},
                                {"tier", to_string(miss.rule.tier)},
                                {"level", to_string(miss.rule.level)},
                                {"what", miss.rule.describe()},
                                {"why", miss.why}});
  }
  out["near"] = std::move(near);
  out["revision"] = explanation.revision;
  return out;
}

}  // namespace oap::permission
