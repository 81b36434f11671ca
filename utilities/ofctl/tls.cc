#include "utilities/ofctl/tls.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace weft::ofctl {
namespace {

// Why OpenSSL refused something; empties its queue of errors. A file that cannot be opened is at its end.
std::string openssl_reason() {
  const unsigned long last = ::ERR_peek_last_error();
  const unsigned long first = ::ERR_get_error();
  ::ERR_clear_error();
  if (ERR_SYSTEM_ERROR(first)) {
    return std::strerror(ERR_GET_REASON(first));
  }
  const char* text = last == 0 ? nullptr : ::ERR_reason_error_string(last);
  return text == nullptr ? "unknown error" : text;
}

std::string about_file(const char* what, const std::string& path) {
  return fmt::format("{} {}: {}", what, path, openssl_reason());
}

}  // namespace

Result<TlsSession::Context, std::string> TlsSession::read_files(const TlsFiles& files) {
  if (files.private_key.empty() || files.certificate.empty() || files.ca_certificate.empty()) {
    return Unexpected{std::string("ssl: needs --private-key, --certificate and --ca-cert")};
  }
  ::ERR_clear_error();
  Context context(::SSL_CTX_new(::TLS_client_method()));
  if (context == nullptr || ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return Unexpected{openssl_reason()};
  }
  if (::SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return Unexpected{about_file("certificate", files.certificate)};
  }
  ::SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return -1; });
  if (::SSL_CTX_use_PrivateKey_file(context.get(), files.private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Unexpected{about_file("private key", files.private_key)};
  }
  if (files.ca_certificate == "none") {
    return context;
  }
  if (::SSL_CTX_load_verify_file(context.get(), files.ca_certificate.c_str()) != 1) {
    return Unexpected{about_file("certificate of the authority", files.ca_certificate)};
  }
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

Result<TlsSession, std::string> TlsSession::begin(const TlsFiles& files) {
  const auto context = read_files(files);
  if (!context) {
    return Unexpected{context.error()};
  }
  Session session(::SSL_new(context->get()));
  BIO* in = ::BIO_new(::BIO_s_mem());
  BIO* out = ::BIO_new(::BIO_s_mem());
  if (session == nullptr || in == nullptr || out == nullptr) {
    ::BIO_free(in);
    ::BIO_free(out);
    return Unexpected{openssl_reason()};
  }
  ::SSL_set_bio(session.get(), in, out);
  ::SSL_set_connect_state(session.get());
  TlsSession begun(std::move(session));
  return begun.shake_hands().transform([&] { return std::move(begun); });
}

bool TlsSession::is_established() const { return ::SSL_is_init_finished(session_.get()) == 1; }

// OpenSSL's own word for a bad certificate is that verification failed.
std::string TlsSession::problem() const {
  const std::string reason = openssl_reason();
  const long verified = ::SSL_get_verify_result(session_.get());
  return verified == X509_V_OK ? "TLS: " + reason
                               : fmt::format("the switch's certificate: {}", ::X509_verify_cert_error_string(verified));
}

Result<void, std::string> TlsSession::shake_hands() {
  ::ERR_clear_error();
  const int done = ::SSL_do_handshake(session_.get());
  if (done == 1 || ::SSL_get_error(session_.get(), done) == SSL_ERROR_WANT_READ) {
    return {};
  }
  return Unexpected{problem()};
}

Result<void, std::string> TlsSession::receive(std::span<const uint8_t> wire, Bytes& plain) {
  ::BIO_write(::SSL_get_rbio(session_.get()), wire.data(), static_cast<int>(wire.size()));
  if (!is_established()) {
    if (auto shaken = shake_hands(); !shaken || !is_established()) {
      return shaken;
    }
  }
  constexpr size_t longest_record = 16 * 1024;
  while (true) {
    const size_t had = plain.size();
    plain.resize(had + longest_record);
    ::ERR_clear_error();
    const int count = ::SSL_read(session_.get(), plain.data() + had, static_cast<int>(longest_record));
    plain.resize(had + static_cast<size_t>(std::max(count, 0)));
    if (count > 0) {
      continue;
    }
    switch (::SSL_get_error(session_.get(), count)) {
      case SSL_ERROR_WANT_READ:
        return {};
      case SSL_ERROR_ZERO_RETURN:
        return Unexpected{std::string("the switch closed the connection")};
      default:
        return Unexpected{problem()};
    }
  }
}

Result<void, std::string> TlsSession::send(std::span<const uint8_t> plain) {
  if (plain.empty()) {
    return {};
  }
  ::ERR_clear_error();
  const int count = ::SSL_write(session_.get(), plain.data(), static_cast<int>(plain.size()));
  return count > 0 ? Result<void, std::string>{} : Unexpected{problem()};
}

void TlsSession::take_output(Bytes& wire) {
  BIO* out = ::SSL_get_wbio(session_.get());
  const size_t had = wire.size();
  const size_t waiting = ::BIO_ctrl_pending(out);
  wire.resize(had + waiting);
  if (waiting > 0) {
    ::BIO_read(out, wire.data() + had, static_cast<int>(waiting));
  }
}

}  // namespace weft::ofctl
