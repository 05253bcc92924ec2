/** Identifies an account that a campaign logged in to. */
export function accountKey({ usrLogin, usrId }: { readonly usrLogin: string; readonly usrId: string | null }): string {
  return JSON.stringify([usrLogin, usrId])
}
