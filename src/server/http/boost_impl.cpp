// What Asio does not keep in templates of TLS; the rest is in http/boost_impl.cpp.
#include <boost/asio/ssl/impl/src.hpp>
