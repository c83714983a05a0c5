#include <algorithm>
#include <memory>
#include <mutex>

#include <re2/re2.h>

#include "security/secret_checks.hpp"
#include "security/secret_context.hpp"
#include "security/token_types.hpp"
#include "text/strings.hpp"

// Sources: the issuers' documentation, as of 2026. These tokens have no prefix of their own: the
// setting's name says whose they are. To add one: one row, and one in cases.
namespace oap::security {
namespace {

constexpr NamedType kNamed[] = {
    {"otp_seed", "totp|otp_secret|otp_seed|mfa_secret|mfa_seed|2fa|two_factor|authenticator",
     "[A-Z2-7]{16,64}=*"},
    {"aws_secret_access_key", "aws|secret_access_key|secretaccesskey|s3", "[A-Za-z0-9/+]{40}"},
    {"aws_session_token", "session_token|security_token", "(?:IQoJ|FwoG|FQoG)[A-Za-z0-9/+=]{80,}"},
    {"azure_storage_key", "account_key|storage_key|azure_storage", "[A-Za-z0-9+/]{86}=="},
    {"azure_shared_key", "shared_access_key|sharedaccesskey|servicebus|eventhub|iothub",
     "[A-Za-z0-9+/]{43}="},
    {"azure_openai_key", "azure|ocp_apim", "[a-f0-9]{32}"},
    {"azure_devops_pat", "azure_devops|ado|vsts|tfs", "[a-z2-7]{52}"},
    {"datadog_api_key", "datadog|dd_api|dd_app|dd_key", "[a-f0-9]{32}|[a-f0-9]{40}"},
    {"twilio_auth_token", "twilio", "[a-f0-9]{32}"},
    {"cloudflare_api_key", "cloudflare|cf_api|cf_token", "[a-f0-9]{37}|[A-Za-z0-9_-]{40}"},
    {"algolia_api_key", "algolia", "[a-f0-9]{32}"},
    {"heroku_api_key", "heroku",
     "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"},
    {"hubspot_api_key", "hubspot|hapikey",
     "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"},
    {"snyk_api_token", "snyk", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"npm_legacy_token", "npm|auth_token",
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"postmark_server_token", "postmark",
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"kucoin_secret", "kucoin",
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[a-f0-9]{24}"},
    {"squarespace_token", "squarespace",
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"scaleway_secret_key", "scw|scaleway",
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"mongodb_atlas_key", "atlas|mongodb",
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"rollbar_access_token", "rollbar", "[a-f0-9]{32}"},
    {"okta_api_token", "okta|ssws", "00[A-Za-z0-9_-]{40}"},
    {"sentry_auth_token", "sentry", "[a-f0-9]{64}"},
    {"discord_client_secret", "discord", "[A-Za-z0-9_-]{32}"},
    {"facebook_app_secret", "facebook|fb_app|meta_app", "[a-f0-9]{32}"},
    {"linkedin_client_secret", "linkedin", "[A-Za-z0-9]{16}"},
    {"twitter_api_secret", "twitter|consumer_secret|x_api",
     "[A-Za-z0-9]{25}|[A-Za-z0-9]{45}|[A-Za-z0-9]{50}"},
    {"twitch_client_secret", "twitch", "[a-z0-9]{30}"},
    {"spotify_client_secret", "spotify", "[a-f0-9]{32}"},
    {"github_client_secret", "github|gh_client", "[a-f0-9]{40}"},
    {"gitlab_legacy_token", "gitlab", "[A-Za-z0-9_-]{20}"},
    {"bitbucket_client_secret", "bitbucket", "[A-Za-z0-9=_-]{32,64}"},
    {"circleci_legacy_token", "circle", "[a-f0-9]{40}"},
    {"codecov_token", "codecov", "[a-f0-9-]{32,36}"},
    {"coveralls_token", "coveralls", "[A-Za-z0-9-]{32,37}"},
    {"travis_ci_token", "travis", "[A-Za-z0-9_-]{20,22}"},
    {"fastly_api_token", "fastly", "[A-Za-z0-9_-]{32}"},
    {"digitalocean_legacy_token", "digitalocean|do_token|do_api", "[a-f0-9]{64}"},
    {"linode_token", "linode", "[a-f0-9]{64}"},
    {"vultr_api_key", "vultr", "[A-Z0-9]{36}"},
    {"hetzner_token", "hetzner|hcloud", "[A-Za-z0-9]{64}"},
    {"dropbox_app_secret", "dropbox", "[a-z0-9]{15}"},
    {"box_client_secret", "box_client|boxapp", "[A-Za-z0-9]{32}"},
    {"asana_client_secret", "asana", "[a-z0-9]{32}"},
    {"jira_api_token", "jira|confluence|atlassian", "[A-Za-z0-9]{24}"},
    {"trello_api_key", "trello", "[a-f0-9]{32}|[a-f0-9]{64}"},
    {"zendesk_api_token", "zendesk", "[A-Za-z0-9]{40}"},
    {"freshdesk_api_key", "freshdesk|freshworks", "[A-Za-z0-9]{20}"},
    {"mailjet_secret", "mailjet", "[a-f0-9]{32}"},
    {"mailgun_signing_key", "mailgun", "[a-f0-9]{32}|[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}"},
    {"sparkpost_key", "sparkpost", "[a-f0-9]{40}"},
    {"pusher_secret", "pusher", "[a-f0-9]{20}"},
    {"stripe_signing_secret", "stripe", "[A-Za-z0-9]{32,64}"},
    {"plaid_secret", "plaid", "[a-f0-9]{30}"},
    {"coinbase_secret", "coinbase", "[A-Za-z0-9_/+=-]{32,88}"},
    {"binance_secret", "binance", "[A-Za-z0-9]{64}"},
    {"kraken_secret", "kraken", "[A-Za-z0-9+/]{86}=="},
    {"bittrex_secret", "bittrex", "[a-z0-9]{32}"},
    {"infura_secret", "infura", "[a-f0-9]{32}"},
    {"alchemy_key", "alchemy", "[A-Za-z0-9_-]{32}"},
    {"etherscan_key", "etherscan", "[A-Z0-9]{34}"},
    {"ethereum_private_key", "private_key|eth_key|deployer", "(?:0x)?[a-fA-F0-9]{64}"},
    {"mapbox_token", "mapbox", "[sp]k\\.[A-Za-z0-9_-]{60,120}\\.[A-Za-z0-9_-]{20,24}"},
    {"openweather_key", "openweather|owm", "[a-f0-9]{32}"},
    {"newsapi_key", "newsapi|news_api", "[a-f0-9]{32}"},
    {"rapidapi_key", "rapidapi", "[A-Za-z0-9]{50}"},
    {"cohere_key", "cohere|co_api", "[A-Za-z0-9]{40}"},
    {"mistral_key", "mistral", "[A-Za-z0-9]{32}"},
    {"deepl_key", "deepl", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?::fx)?"},
    {"assemblyai_key", "assemblyai", "[a-f0-9]{32}"},
    {"deepgram_key", "deepgram", "[a-f0-9]{40}"},
    {"wandb_api_key", "wandb|weights", "[a-f0-9]{40}"},
    {"new_relic_key", "new_relic|newrelic", "[a-f0-9]{40}|[A-Za-z0-9]{64}"},
    {"honeycomb_key", "honeycomb", "[A-Za-z0-9]{22,32}|hc[abd][im]k_[A-Za-z0-9]{58}"},
    {"pagerduty_api_key", "pagerduty", "[A-Za-z0-9_+-]{20}"},
    {"opsgenie_key", "opsgenie", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"statuspage_key", "statuspage",
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"sumologic_key", "sumo", "[A-Za-z0-9]{64}"},
    {"splunk_hec_token", "splunk|hec",
     "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"},
    {"logdna_key", "logdna|mezmo", "[a-f0-9]{32}"},
    {"loggly_token", "loggly", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"papertrail_token", "papertrail", "[A-Za-z0-9]{20}"},
    {"airbrake_key", "airbrake", "[a-f0-9]{32}"},
    {"bugsnag_key", "bugsnag", "[a-f0-9]{32}"},
    {"launchdarkly_token", "launchdarkly|ld_sdk", "[A-Za-z0-9_=-]{40}"},
    {"contentful_token", "contentful", "[A-Za-z0-9_=-]{43}"},
    {"netlify_legacy_token", "netlify", "[A-Za-z0-9_=-]{40,46}"},
    {"vercel_legacy_token", "vercel", "[A-Za-z0-9]{24}"},
    {"supabase_service_key", "supabase", "[A-Za-z0-9+/=_-]{40,200}"},
    {"intercom_secret", "intercom", "[A-Za-z0-9=_-]{60}"},
    {"typeform_legacy_token", "typeform", "[A-Za-z0-9]{40,44}"},
    {"adafruit_io_key", "adafruit", "[a-z0-9_-]{32}"},
    {"meraki_key", "meraki", "[a-f0-9]{40}"},
    {"shodan_key", "shodan", "[A-Za-z0-9]{32}"},
    {"virustotal_key", "virustotal|vt_api", "[a-f0-9]{64}"},
    {"censys_secret", "censys", "[A-Za-z0-9]{32}"},
    {"ipstack_key", "ipstack|apilayer", "[a-f0-9]{32}"},
    {"dockerhub_legacy_token", "dockerhub|docker_hub",
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"artifactory_identity_token", "jfrog|artifactory", "[A-Za-z0-9]{64}|[A-Za-z0-9]{73}"},
    {"wireguard_private_key", "privatekey|private_key|presharedkey|preshared_key|wg_",
     "[A-Za-z0-9+/]{43}="},
    {"laravel_app_key", "app_key", "base64:[A-Za-z0-9+/]{43}="},
    {"django_secret_key", "secret_key|django", "[A-Za-z0-9!@#$%^&*()_+=-]{50}"},
    {"rails_secret_key_base", "secret_key_base", "[a-f0-9]{128}|[a-f0-9]{64}"},
    {"ably_key", "ably", "[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{6}:[A-Za-z0-9_-]{43}"},
    {"ghost_admin_key", "ghost", "[a-f0-9]{24}:[a-f0-9]{64}"},
    {"fal_key", "fal_key|fal_api",
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:[a-f0-9]{32}"},
    {"expo_token", "expo", "[A-Za-z0-9_-]{40}"},
    {"rails_master_key", "rails_master|master_key", "[a-f0-9]{32}"},
};

struct Compiled {
  std::once_flag once;
  std::unique_ptr<re2::RE2> pattern;
};

bool matches(std::size_t row, std::string_view value) {
  static Compiled compiled[std::size(kNamed)];
  Compiled& mine = compiled[row];
  std::call_once(mine.once, [&] {
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    const std::string_view pattern = kNamed[row].pattern;
    mine.pattern =
        std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  });
  return mine.pattern->ok() &&
         re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *mine.pattern);
}

}  // namespace

std::span<const NamedType> named_types() { return kNamed; }

std::string_view named_type(std::string_view snake_name, std::string_view value) {
  if (value.size() < 15 || value.size() > 2048) {
    return {};
  }
  for (std::size_t row = 0; row < std::size(kNamed); ++row) {
    const auto words = text::split(kNamed[row].words, '|');
    const bool named = std::any_of(words.begin(), words.end(), [&](std::string_view word) {
      const std::size_t at = snake_name.find(word);
      return at != std::string_view::npos &&
             (at == 0 || snake_name[at - 1] == '_' || word.size() > 4);
    });
    if (named && matches(row, value)) {
      return kNamed[row].type;
    }
  }
  return {};
}

namespace {

/// Names under which a UUID is no mere id: "api_key", "CLIENT_SECRET", "RAILWAY_TOKEN".
bool names_credential(std::string_view name, std::string_view snake) {
  static constexpr std::string_view kEnds[] = {
      "api_key",       "apikey",        "api_token",     "access_token",   "auth_token",
      "secret_key",    "client_secret", "app_secret",    "api_secret",     "access_key",
      "bearer_token",  "admin_token",   "root_token",    "deploy_token",   "license_key",
      "vault_token",   "consul_token",  "nomad_token",   "service_token",  "project_token",
      "server_token",  "account_key",   "private_token", "personal_token", "http_token",
      "railway_token", "secret"};
  const bool capitals =
      std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return name_kind(name) == NameKind::kPassword || (capitals && snake.ends_with("_token")) ||
         std::any_of(std::begin(kEnds), std::end(kEnds),
                     [&](std::string_view end) { return snake.ends_with(end); });
}

}  // namespace

std::string_view type_by_name(std::string_view name, std::string_view value) {
  if (name.empty() || value.empty() || is_sample(value) || is_reference(value)) {
    return {};
  }
  const std::string snake = snake_case(name);
  const std::string_view named = named_type(snake, value);
  if (!named.empty()) {
    return named;
  }
  if (is_uuid(value) && names_credential(name, snake)) {
    return name_kind(name) == NameKind::kPassword ? "password" : "generic_secret";
  }
  return {};
}

}  // namespace oap::security
