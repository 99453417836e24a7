# $mobilePhoneNumber, a phone number as people write it: with spaces, hyphens and brackets, with
# +7, 8 or neither. Its value is "+79123456789". $phoneNumber takes numbers of any country, and of
# the landline, too.
patterns:
    $mobilePhoneNumber = $regex<(\+?\s*7|8)?[\s\-–.]*\(?\s*9\d{2}\s*\)?[\s\-–.]*\d{3}[\s\-–.]*\d{2}[\s\-–.]*\d{2}|(\+?\s*7|8)?[\s\-–.]*\(?\s*9\d{2}\s*\)?([\s\-–.]*\d){7}> || converter = function (node) { return "+7" + node.text.replace(/\D/g, "").slice(-10); }
    $phoneNumber = $regex<\+?\s*\d{1,3}[\s\-–.]*\(?\s*\d{2,5}\s*\)?([\s\-–.]*\d){5,9}|\(?\s*\d{3,5}\s*\)?([\s\-–.]*\d){5,7}> || converter = function (node, context) { var d = node.text.replace(/\D/g, ""), plus = String(context.request.query).indexOf("+" + node.text) >= 0; if (d.length === 10 && !plus) return "+7" + d; if (d.length === 11 && (d.charAt(0) === "8" || d.charAt(0) === "7")) return "+7" + d.slice(1); return plus ? "+" + d : d; }
