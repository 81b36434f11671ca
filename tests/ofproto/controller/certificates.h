// Authorities, keys and certificates for tests, made as they are needed, in PEM files.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>

#include "ofproto/controller/tls.h"

namespace weft::ofproto {

template <auto destroy>
struct OpensslDelete {
  template <typename T>
  void operator()(T* object) const {
    destroy(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslDelete<::EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, OpensslDelete<::X509_free>>;

inline KeyPtr make_key() { return KeyPtr(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")); }

// Signed by `issuer` with its key; by itself when there is none, as an authority is.
inline CertificatePtr make_certificate(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                                       long valid_seconds = 3600) {
  static long serial = 1;
  CertificatePtr certificate(::X509_new());
  ::X509_set_version(certificate.get(), 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), serial++);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -7200);
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), valid_seconds);
  ::X509_set_pubkey(certificate.get(), key);
  auto* subject = ::X509_get_subject_name(certificate.get());
  ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
  ::X509_set_issuer_name(certificate.get(), issuer == nullptr ? subject : ::X509_get_subject_name(issuer));
  if (issuer == nullptr) {
    auto* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    ::X509_add_ext(certificate.get(), extension, -1);
    ::X509_EXTENSION_free(extension);
  }
  EXPECT_NE(::X509_sign(certificate.get(), issuer == nullptr ? key : issuer_key, ::EVP_sha256()), 0);
  return certificate;
}

inline void write_key(const std::string& path, EVP_PKEY* key, const char* passphrase = nullptr) {
  std::unique_ptr<FILE, OpensslDelete<std::fclose>> file(std::fopen(path.c_str(), "w"));
  char* secret = const_cast<char*>(passphrase);
  ASSERT_EQ(::PEM_write_PrivateKey(file.get(), key, passphrase == nullptr ? nullptr : ::EVP_aes_128_cbc(), nullptr, 0,
                                   nullptr, secret),
            1);
}

inline void write_certificates(const std::string& path, std::initializer_list<X509*> chain) {
  std::unique_ptr<FILE, OpensslDelete<std::fclose>> file(std::fopen(path.c_str(), "w"));
  for (X509* certificate : chain) {
    ASSERT_EQ(::PEM_write_X509(file.get(), certificate), 1);
  }
}

// An authority, and files with a key, a certificate of it and its own certificate.
struct Authority {
  explicit Authority(const std::string& name)
      : key(make_key()), certificate(make_certificate(name, key.get(), nullptr, nullptr)) {}

  // `trusted`: the authority that peers are checked against. `with_chain`: the certificate's file holds the authority's.
  TlsFiles write(const std::string& prefix, const Authority& trusted, bool with_chain = false,
                 long valid_seconds = 3600) const {
    const auto own_key = make_key();
    const auto own = make_certificate("switch", own_key.get(), certificate.get(), key.get(), valid_seconds);
    write_key(prefix + "-key.pem", own_key.get());
    if (with_chain) {
      write_certificates(prefix + "-cert.pem", {own.get(), certificate.get()});
    } else {
      write_certificates(prefix + "-cert.pem", {own.get()});
    }
    write_certificates(prefix + "-ca.pem", {trusted.certificate.get()});
    return {prefix + "-key.pem", prefix + "-cert.pem", prefix + "-ca.pem", false};
  }
  TlsFiles write(const std::string& prefix) const { return write(prefix, *this); }

  KeyPtr key;
  CertificatePtr certificate;
};

}  // namespace weft::ofproto
