#pragma once

#include <string_view>

namespace oap::crypto::testing {

// Published examples: RFC 7515 appendix A.1 to A.4, RFC 7638 §3.1, RFC 8037 appendix A.
inline constexpr std::string_view kRsaJwk =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfH)"
    R"(Qp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ4)"
    R"(7soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapH)"
    R"(g665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGN)"
    R"(j8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})";
inline constexpr std::string_view kRs256 =
    R"(eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9)"
    R"(leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2Vt)"
    R"(Qgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKB)"
    R"(YNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN)"
    R"(9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI)"
    R"(8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw)";
inline constexpr std::string_view kP256Jwk =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":)"
    R"("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
inline constexpr std::string_view kEs256 =
    R"(eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9)"
    R"(leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXF)"
    R"(CgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q)";
inline constexpr std::string_view kP521Jwk =
    R"({"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp)"
    R"(5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyB)"
    R"(XMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"})";
inline constexpr std::string_view kEs512 =
    R"(eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOY)"
    R"(aRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp)"
    R"(EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn)";
inline constexpr std::string_view kEdJwk =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
inline constexpr std::string_view kEdSecret = R"(nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A)";
inline constexpr std::string_view kEdDsa =
    R"(eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1P)"
    R"(POt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg)";
inline constexpr std::string_view kHmacSecret =
    R"(AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1)"
    R"(Z9CAow)";
inline constexpr std::string_view kHs256 =
    R"(eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTk)"
    R"(zODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbU)"
    R"(JU1p1r_wW1gFWFOEjXk)";
inline constexpr std::string_view kThumbprintJwk =
    R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT8)"
    R"(6zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArw)"
    R"(l93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6q)"
    R"(MQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xB)"
    R"(niIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-0)"
    R"(4-29"})";
inline constexpr std::string_view kThumbprint = R"(NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs)";
inline constexpr std::string_view kEdThumbprint = R"(kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k)";

// Made once with another implementation (pyca/cryptography), whose private keys are gone.
inline constexpr std::string_view kOtherRsaJwk =
    R"({"kty":"RSA","n":"sz3mykAlMf0wxBZ7O714rGcsH-o8UwcimFr5-ZAN5hGIESw8TbdusNF6qSZ1Ph)"
    R"(RlS5acQB2FPnFGkq1zGO-dgfGHuRW0p4r6glDqBfbIgEBETsSCTGFeAgkThiA8nDlpN7tIPQWh6H0eih)"
    R"(HACc5M3zOlonW45ynxLYWdB5XFMGzunp8KNwGVe1krz_R3a1oG7LHM58bAVi_P2S63_D6qiiqmvIx8Ng)"
    R"(QRQlT_TRVU-bMjn4BynFoMh2-kZOa2FQFbbgBOEQlSkOtF_OS60rZ7prWtq2PPGVQIVO0zSJxFst8H_p)"
    R"(-9yqpdl6yuKNn4bym2HOhYLOkc9TdqrVm6o7ZAzw","e":"AQAB"})";
inline constexpr std::string_view kRs384 =
    R"(eyJhbGciOiJSUzM4NCJ9.aGVsbG8.CfTsTI1MiHmbztGcoOQuZmPvdKhaSFiMYkhspH5E0dj2STI_gph)"
    R"(G1ZEfjm0prAX9K1CdX3H2q1YL_CZv5vJTxlL0BgWf0pLLTBKEMIGsMTXOzVqVBtHzoRQuVhPf40C7uIW)"
    R"(zlFpcVnxAyars3M3Pl4srSjGxtMtwV24irRutZF-AYcFKmdPA7e47m9r6EGU5WCwcGDBNSIjrf3LT7_b)"
    R"(_mt3Z2anMh-Pe6SwN1PqJVY-ZPWQ-pbEvuVTFX7-pyVbqAW6NQr4mx1TcRquHkC5B_KgiZ7a16aFKkg0)"
    R"(CdqgQU9ROVPvhaP3zcJ0w4Cj7nlscBkvq7V9GCPpwaTktpwmO3g)";
inline constexpr std::string_view kRs512 =
    R"(eyJhbGciOiJSUzUxMiJ9.aGVsbG8.qK1hlk10sRBllFP8vYiaQCylTegxhvP_FQnZI498KbljS93_trp)"
    R"(HjZBFm8orNzQspyNchn3ttY8IaFECLYTeg1aij571BaOnzXh85W8sXU_gUyo7r_bDxsVCtY6B7vZ_GCN)"
    R"(ZIQkdrvjOJGTibXOT734lKHOwpmf1q2F9q6lPjYgZBfT1LAfKwgs_CqfdM166MKcmoTDvZgbWWfp80js)"
    R"(Q_plemuFYvlkqD4KduAOvYd3aj7TEpbkKnPndzoqmUQuQ5dtyfbH5nnhKSdKUCVVU_T9KS1zEJtr7k_k)"
    R"(bvL9367BHr-rktpAgVyD5vuiNab-g5AUssfGW8vI2V0v81yHN0w)";
inline constexpr std::string_view kPs256 =
    R"(eyJhbGciOiJQUzI1NiJ9.aGVsbG8.pQmhKRUvu7hkZqHUPbLzFlYqeYvWN7Kg1_Pel2Xjk49o6l5qJl9)"
    R"(2zwTj_7Yd02zD8fCDnSdQgdwtiCvhWC5c6IN-Qcrohgxr6KqNbfk_1HfQG2C_yk_isumuAG0F232AbGR)"
    R"(qNvPjC_0niqso7FpSofyKfDPVw9ZCgPzd2vdarGCRZvOoYKx8sa_XFK5lLp_F8B0Sy9LECAlDQ2KB5q6)"
    R"(djQUh1zDobOjnM05GIPzCAuwZ4GH-JsV-Yyp4hA4s8a8U3h1dxVn1MuwwSE6qD5w1R3EomU1xVP1X68O)"
    R"(DH-kdB7F42FZVzKnPoITGjuQTUErr6v-28DSe02uahWsAfzeWww)";
inline constexpr std::string_view kPs384 =
    R"(eyJhbGciOiJQUzM4NCJ9.aGVsbG8.bFrbozY-oJDjpDZu3uyjHraOlFZBMbIi5MzhsBNzWGDE3k7eJah)"
    R"(xqPtz7v2IDdfSmQoH8BlgE8uqwn25v312VGf29LQwutiyS-foT4kCqbax8SSc1aViIKZBocQBf5HYfNY)"
    R"(1lsAlH69ythZQV2NckgyKRPw0raBUpz2xHFWTvmVdfx8lT7jFJpzFcLkU6eFjqZf9gn10ZSq4awaqke6)"
    R"(7lD42MmH3DQ0aGXHLUQ2MsjJdhRIhzzOGI9Unblk9wXg_0UjhfU1Yx5uKnbxZnypdY5i-dz1HflsWlc1)"
    R"(X5CU0XKpxBwE-Ua-Scf_SxYoQag6kUWY8WwElqfVDUZ9gTi3jHg)";
inline constexpr std::string_view kPs512 =
    R"(eyJhbGciOiJQUzUxMiJ9.aGVsbG8.g9cIzwSDi15fEFHNLtLJ6p0PBP6R8g6xERg9_7KSo0pLix7Uq8j)"
    R"(z2-kpVC5GFLL3B-pmOgfim25sA5CN76ssi8JtqS0r-cZy_XMR3ml4oQTEDmW9aizgv8GMGzFAjwswPgE)"
    R"(yRfZhaUHCzed6tHXF3OpkWo_rikxzbs8yacwG72UMF-glXJoPyWJd3FiKugTiyxtaYBZmRO7afNv0vLq)"
    R"(BEvp7cs2L9Jz7bpe4LP3Bp-ZSvFJXI1U64n4XjzrLryIQVhbQtnVIXf9wREyR_FFVrcjXF-oZM-VBwr0)"
    R"(eCqbCH-rAfE4srqe87V8C8ln2r6i5NU9CuhDsjukKm2X1-9jmxQ)";
inline constexpr std::string_view kPs256WrongSalt =
    R"(eyJhbGciOiJQUzI1NiJ9.aGVsbG8.FT3uGrlqZAA9mSPaTrVz8uVwOBlMqAytujYcbgIJleWtbAJXh-H)"
    R"(drkH0GouG7YVlFdTZQcvtuWyHqEBXkW2qBlVX_zivaM9YY2CFq2_2nhcRkPDZhuXR0g3hE1TwMESVnxt)"
    R"(txZpIxpfqLLKYr7XbSRX9jKcLMYEtV4uHzWAgNZqgLVVIcH9b5Bg3yI_mvvGefsVlAiuDmaVlcm6x9a8)"
    R"(zWkyjUASd4WebsBJL_J-eDcBMCC6RLC9QMugDPJIIv7QpOZUOIyzSUMkiM3YHQzwvO9DV81FT-epJ5xn)"
    R"(GYv4ZpMhY5uGR3aSJ_xt1gLu1Q73I6vClIau3jlTE_yzVG9DKZQ)";
inline constexpr std::string_view kP384Jwk =
    R"({"kty":"EC","crv":"P-384","x":"pmEaaoQONTy-PXirdGjFV085v7ztTSPG2iIddsAf_LpWgH_PR)"
    R"(8UewpuAi8tZEPBS","y":"kpCpC7qoYhKFl_BCCrsAAPmrZfCrgfDs74wX7apeXVv4m6zLC2SWUQUrUH)"
    R"(jqmaog"})";
inline constexpr std::string_view kEs384 =
    R"(eyJhbGciOiJFUzM4NCJ9.aGVsbG8.J8mskZDpLtcwnOgg3b1Vcd4CsckvxE1atYlpiw3SZR6_MttzKJC)"
    R"(BfYEfAxeco7CkTvA4XlIMaHiOJ2qklemp1tu5vquqmKmbY6fbXz2_L5QcnlpWwkaQREyx8LSLYc34)";
inline constexpr std::string_view kSmallRsaJwk =
    R"({"kty":"RSA","n":"xG3nTatpyMJRTCqYiDad8mNopVa5MnB6mm7dWeSfgdN3l69T3K3BqN-hoefps7)"
    R"(fP3fdAPkyCvmrMfQTN0SCUK5ypwgwWKpbzWZRFscOXDbP__k_BRRX3ePFQwV_z6MtvMsPFHCFC6h8299)"
    R"(vSgjes-nxGyFy8_ObCOHhq-Qw9bA8","e":"AQAB"})";
inline constexpr std::string_view kOtherCurveJwk =
    R"({"kty":"EC","crv":"secp256k1","x":"4WaChRtPRs-LN6B5mH_L1YtCrCw1lZxqG_ZIxhzG2H8",)"
    R"("y":"sBjTs4K7ERtns0SBSLl3IXLHF_VIg3ORWNXaCvErRvw"})";
inline constexpr std::string_view kSealed =
    R"(AQABAgMEBQYHCAkKCyYipXakia47-STv_5SxYAh5FGXdcEgBfGsXRhU)";

}  // namespace oap::crypto::testing
