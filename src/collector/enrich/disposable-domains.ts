/** Domains whose addresses are made to be thrown away, of services that say so themselves; `DISPOSABLE_EMAIL_DOMAINS` adds to them. */
const shipped = `
0-mail.com 10minutemail.com 10minutemail.net 20minutemail.com 33mail.com anonbox.net burnermail.io byom.de
discard.email discardmail.com discardmail.de dispostable.com dropmail.me e4ward.com emailondeck.com fakeinbox.com
fakemail.net getairmail.com getnada.com grr.la guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.net
guerrillamail.org guerrillamailblock.com harakirimail.com incognitomail.org inboxkitten.com jetable.org mail-temp.com
mail.tm mailcatch.com maildrop.cc mailexpire.com mailinator.com mailinator.net mailnesia.com mailnull.com mailpoof.com
mailsac.com meltmail.com minutemailbox.com mintemail.com moakt.cc moakt.com mohmal.com mytemp.email mytrashmail.com
nada.email nowmymail.com one-time.email sharklasers.com shieldedmail.com smailpro.com spam4.me spambog.com spambox.us
spamgourmet.com spamfree24.org temp-mail.io temp-mail.org tempail.com tempinbox.com tempmail.dev tempmail.plus
tempmailo.com tempr.email throwawaymail.com tmailor.com trash-mail.com trashmail.com trashmail.de trashmail.io
trashmail.me trashmail.net wegwerfmail.de wegwerfmail.net yopmail.com yopmail.fr yopmail.net zetmail.com`

/**
 * Tells whether a text is an e-mail address of such a domain, or of a domain below it. `changes`: further domains, and
 * with a dash in front those that are to be taken off the list.
 */
export function createDisposableReader(changes: readonly string[]): (text: string) => boolean {
  const domains = new Set(shipped.trim().split(/\s+/))
  for (const change of changes) {
    const domain = change.trim().toLowerCase()
    if (domain.startsWith('-')) domains.delete(domain.slice(1))
    else if (domain !== '') domains.add(domain)
  }
  return (text) => {
    const labels = text
      .slice(text.lastIndexOf('@') + 1)
      .toLowerCase()
      .split('.')
    if (!text.includes('@') || labels.length < 2) return false
    return labels.some((_, index) => domains.has(labels.slice(index).join('.')))
  }
}
