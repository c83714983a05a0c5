#include <array>

#include "security/token_types.hpp"

// The table's second half: services of fewer users, and what password hashes look like. Sources as
// in token_types.cpp.
namespace oap::security {
namespace {

using Check = TokenCheck;

constexpr TokenType kMore[] = {
    // -- clouds and hosts
    {"amazon_mws_token",
     "amzn\\.mws\\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"amazon_client_secret", "amzn1\\.oa2-cs\\.v1\\.[a-f0-9]{64}"},
    {"amazon_refresh_token", "Atz[ar]\\|[A-Za-z0-9_-]{80,}"},
    {"aws_appsync_key", "da2-[a-z0-9]{26}", Check::kMixed},
    {"aiven_password", "AVNS_[A-Za-z0-9_-]{19}"},
    {"akamai_token", "akab-[a-z0-9]{16}-[a-z0-9]{16}"},
    {"cloudflare_tunnel_token", "eyJhIjoi[A-Za-z0-9+/]{100,400}={0,2}"},
    {"configcat_key", "configcat-sdk-1/[A-Za-z0-9_-]{22}/[A-Za-z0-9_-]{22}"},
    {"dbt_token", "dbt[cstu]_[A-Za-z0-9_=-]{36,80}", Check::kMixed},
    {"daytona_key", "dtn_[a-f0-9]{64}"},
    {"devcycle_key", "dvc_server_[A-Za-z0-9_-]{30,70}"},
    {"dnsimple_token", "dnsimple_[aou]_[A-Za-z0-9]{32,50}"},
    {"exoscale_key", "EXO[a-f0-9]{24,26}"},
    {"netbird_token", "nbp_[A-Za-z0-9]{36}"},
    {"porkbun_key", "[ps]k1_[a-f0-9]{64}"},
    {"upcloud_token", "ucat_[A-Z0-9]{26}"},
    {"xata_key", "xau_[A-Za-z0-9]{36,44}"},

    // -- code hosts and registries
    {"dependency_track_key", "odt_[A-Za-z0-9]{32,64}", Check::kMixed},
    {"infisical_token", "st\\.[a-f0-9]{24}\\.[a-f0-9]{32}\\.[a-f0-9]{32}"},
    {"stackhawk_key", "hawk\\.[A-Za-z0-9_-]{20}\\.[A-Za-z0-9_-]{20}"},

    // -- models
    {"anyscale_key", "esecret_[A-Za-z0-9]{20,40}"},
    {"apify_token", "apify_api_[A-Za-z0-9]{34,40}"},
    {"brave_search_key", "BSA[A-Za-z0-9_-]{27,28}", Check::kMixed},
    {"browserbase_key", "bb_(?:live|test)_[A-Za-z0-9_-]{24,40}"},
    {"cartesia_key", "sk_car_[A-Za-z0-9_-]{20,44}"},
    {"cursor_key", "crsr_[a-f0-9]{64}"},
    {"cursor_key", "key_[a-f0-9]{64,128}"},
    {"friendli_token", "flp_[A-Za-z0-9]{44,50}"},
    {"helicone_key", "sk-helicone-(?:eu-)?[a-z0-9]{7}-[a-z0-9]{7}-[a-z0-9]{7}-[a-z0-9]{7}"},
    {"humanloop_key", "hl_sk_[a-f0-9]{40,64}"},
    {"langchain_key", "ls__[a-f0-9]{32}"},
    {"llamacloud_key", "llx-[A-Za-z0-9]{40,56}"},
    {"logfire_token", "pylf_v[0-9]{1,2}_[a-z]{2,12}_[A-Za-z0-9]{40,48}"},
    {"luma_key",
     "luma-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-[0-9a-f]{8}-[0-9a-f]{4}-[0-"
     "9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"nomic_key", "nk-[A-Za-z0-9_-]{43}", Check::kMixed},
    {"runpod_key", "rpa_[A-Z0-9]{40}[A-Za-z0-9]{4,10}"},

    // -- messages
    {"feishu_webhook",
     "open\\.feishu\\.cn/open-apis/bot/v2/hook/"
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"feishu_webhook",
     "open\\.larksuite\\.com/open-apis/bot/v2/hook/"
     "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"mailgun_key", "[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}", Check::kMixed},
    {"onesignal_key", "os_v2_(?:app|org)_[a-z2-7]{90,110}"},
    {"pubnub_secret", "sec-c-[A-Za-z0-9]{40,60}", Check::kMixed},
    {"pubnub_secret", "sec-c-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"rapidapi_key", "[a-z0-9]{10}msh[a-z0-9]{15}p1[a-z0-9]{6}jsn[a-z0-9]{12}"},
    {"telnyx_key", "KEY[A-F0-9]{32}_[A-Za-z0-9]{22}"},
    {"tines_webhook", "\\.tines\\.com/webhook/[a-z0-9]{32}/[a-z0-9]{32}", Check::kWordLeft},
    {"wecom_webhook",
     "qyapi\\.weixin\\.qq\\.com/cgi-bin/webhook/"
     "send\\?key=[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},

    // -- money and work
    {"axiom_token", "xa[ap]t-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
    {"cal_com_key", "cal_(?:live|test)_[a-f0-9]{32}"},
    {"checkly_key", "cu_[a-f0-9]{32}"},
    {"close_key", "api_[A-Za-z0-9]{22}\\.[A-Za-z0-9]{22}"},
    {"flagsmith_key", "ser\\.[A-Za-z0-9]{22}", Check::kMixed},
    {"fleetbase_key", "flb_live_[A-Za-z0-9]{20}"},
    {"flexport_token", "shltm_[A-Za-z0-9_-]{40}"},
    {"fullstory_key", "na1\\.[A-Za-z0-9+/]{100}"},
    {"honeycomb_key", "hc[abx][im]k_[a-z0-9]{58}"},
    {"ionic_token", "ion_[a-zA-Z0-9]{42}", Check::kMixed},
    {"lichess_token", "li[op]_[A-Za-z0-9]{20,24}", Check::kMixed},
    {"nostr_secret_key", "nsec1[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{58}"},
    {"omise_key", "skey_(?:test_)?[a-z0-9]{19}", Check::kMixed},
    {"paddle_webhook_secret", "pdl_ntfset_[a-z0-9]{26}_[A-Za-z0-9+/]{32}"},
    {"polar_token", "polar_(?:oat|pat|rst|cst)_[A-Za-z0-9]{36,60}"},
    {"roblox_cookie", "_\\|WARNING:-DO-NOT-SHARE-THIS\\.[^|\"'\\n]{0,240}\\|_[A-F0-9]{100,}"},
    {"settlemint_token", "sm_(?:aat|pat|sat)_[A-Za-z0-9]{16}"},
    {"statsig_key", "secret-[A-Za-z0-9]{43}", Check::kMixed},
    {"statsig_key", "console-[A-Za-z0-9]{43}", Check::kMixed},
    {"stytch_secret", "secret-(?:live|test)-[A-Za-z0-9_-]{36}=?", Check::kMixed},
    {"sumup_key", "sup_sk_[A-Za-z0-9]{32}"},
    {"svix_key", "sk_[A-Za-z0-9_-]{32}\\.(?:eu|us|in|ca|au)", Check::kMixed},
    {"svix_key", "testsk_[A-Za-z0-9_-]{32}(?:\\.[a-z]{2})?", Check::kMixed},
    {"tinybird_token", "p\\.eyJ[A-Za-z0-9_-]{40,240}\\.[A-Za-z0-9_-]{43}"},
    {"voiceflow_key", "VF\\.(?:DM|WS)\\.[a-f0-9]{24}\\.[A-Za-z0-9]{16}"},
    {"voiceflow_key", "VF\\.[a-f0-9]{24}\\.[A-Za-z0-9]{16}"},
    {"woocommerce_key", "c[ks]_[a-f0-9]{40}"},

    // -- hashes of passwords: crypt(5), PHC strings, Django, Werkzeug, RFC 2307, MySQL, PostgreSQL
    {"password_hash", "\\$2[abxy]\\$[0-9]{2}\\$[./A-Za-z0-9]{53}", Check::kMixed},
    {"password_hash", "\\$6\\$[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{86}", Check::kMixed},
    {"password_hash", "\\$6\\$rounds=[0-9]{1,9}\\$[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{86}",
     Check::kMixed},
    {"password_hash", "\\$5\\$[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{43}", Check::kMixed},
    {"password_hash", "\\$5\\$rounds=[0-9]{1,9}\\$[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{43}",
     Check::kMixed},
    {"password_hash", "\\$1\\$[./A-Za-z0-9]{1,8}\\$[./A-Za-z0-9]{22}", Check::kMixed},
    {"password_hash", "\\$apr1\\$[./A-Za-z0-9]{1,8}\\$[./A-Za-z0-9]{22}", Check::kMixed},
    {"password_hash", "\\$y\\$[./A-Za-z0-9]{1,8}\\$[./A-Za-z0-9]{1,86}\\$[./A-Za-z0-9]{43}",
     Check::kMixed},
    {"password_hash",
     "\\$argon2[di]{1,2}\\$(?:v=[0-9]{1,3}\\$)?m=[0-9]{1,9},t=[0-9]{1,4},p=[0-9]{1,4}\\$[A-Za-z0-9+"
     "/"
     "_-]{8,120}={0,2}\\$[A-Za-z0-9+/_-]{16,180}={0,2}",
     Check::kMixed},
    {"password_hash",
     "\\$scrypt\\$ln=[0-9]{1,3},r=[0-9]{1,3},p=[0-9]{1,3}\\$[A-Za-z0-9+/"
     "_-]{8,120}={0,2}\\$[A-Za-z0-9+/"
     "_-]{16,180}={0,2}",
     Check::kMixed},
    {"password_hash", "scrypt:[0-9]{4,7}:[0-9]{1,3}:[0-9]{1,3}\\$[A-Za-z0-9]{8,32}\\$[a-f0-9]{128}",
     Check::kMixed},
    {"password_hash", "pbkdf2:sha(?:1|256|512):[0-9]{4,7}\\$[A-Za-z0-9]{8,32}\\$[a-f0-9]{40,128}",
     Check::kMixed},
    {"password_hash",
     "pbkdf2_sha(?:1|256)\\$[0-9]{4,8}\\$[A-Za-z0-9]{8,40}\\$[A-Za-z0-9+/]{27,43}=", Check::kMixed},
    {"password_hash", "\\{SSHA(?:256|512)?\\}[A-Za-z0-9+/]{32,120}={0,2}", Check::kMixed},
    {"password_hash", "\\{SHA(?:256|512)?\\}[A-Za-z0-9+/]{27,88}={0,2}", Check::kMixed},
    {"password_hash", "\\*[A-F0-9]{40}", Check::kMixed},
    {"otp_seed", "otpauth://[ht]otp/[^\\s\"'<>`]{0,240}[?&]secret=[A-Za-z2-7]{16,128}"},

    {"jwt",
     "eyJ[A-Za-z0-9_-]{8,}={0,2}\\.(?:eyJ[A-Za-z0-9_-]{4,}={0,2})?\\.[A-Za-z0-9_-]{8,}={0,2}(?:\\.["
     "A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{16,256})?",
     Check::kJwt},
    {"jwt",
     "eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,256}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-"
     "z0-9_-]{16,256}",
     Check::kJwt},
};

}  // namespace

std::span<const TokenType> more_token_types() { return kMore; }

}  // namespace oap::security
